"""The tables of networks in docs/accuracy.md: ours, and those of other packages."""

from __future__ import annotations

from typing import Any

from benchmarks.accuracy.results import NETWORKS, PEERS, Results
from benchmarks.accuracy.sets import ROWS, Row
from benchmarks.accuracy.tables import NAMES, NOT_RUN, chosen, difference, table

FEW_EPOCHS = (
    "After so few epochs CREsted's predictions order the rows and are far too narrow: that is what "
    "the time gives on two cores, not what its network can reach."
)
CONDITIONS = (
    "`urtecho` and `yeast` were fitted on an idle machine, with networks in half precision and the "
    "folds of a network side by side; the others before there was either, with tests beside them "
    "at a lower priority, so that a fit had at least three quarters of the cores."
)
OTHERS = {"grelu": "gReLU, DilatedConvModel", "crested": "CREsted, legnet"}


def with_networks(
    networks: dict[str, dict[str, Any] | None], added: dict[str, Any], results: Results
) -> list[str]:
    """Return what the extra deep adds, in more time, on the same splits."""
    known = [fit for fit in networks.values() if fit is not None]
    lines = []
    for row in ROWS:
        fit = networks[row.problem]
        score = None if fit is None else fit["scores"][row.name]
        gain = added[row.problem].get("seqexpr", {}).get(row.name)
        lines.append(
            [
                f"{row.title}, {NAMES[row.metric]}",
                row.one_network,
                _reach_with_networks(row, score),
                NOT_RUN if score is None else _scored(row, score),
                NOT_RUN if gain is None else difference(gain),
                NOT_RUN if fit is None else f"{fit['wall_seconds'] / 60:.1f} min",
                NOT_RUN if fit is None else f"{fit['peak_mib']:,.0f} MiB",
            ]
        )
    head = [
        "data", "one network, plain loop", "reach", f"best, {results.networks_budget}",
        f"gain over {results.budget} without", "time", "memory",
    ]  # fmt: skip
    versions = sorted({f"PyTorch {fit['versions'].get('torch', '?')}" for fit in known})
    where = f", {', '.join(versions)}, without a GPU" if known else ""
    said = [f"`{name}`: {chosen(fit)}." for name, fit in networks.items() if fit is not None]
    return [
        (
            f"The same with the extra `deep`, on two cores{where}: "
            f"`make accuracy-networks`, or `python -m benchmarks.accuracy --systems networks` "
            f"where PyTorch is installed. {len(known)} of {len(networks)} fits were run. Bold "
            "where it reaches what was to be reached, or where the gain's interval leaves out 0. "
            + CONDITIONS
        ),
        table(head, lines),
        *([" ".join(["Chosen.", *said])] if said else []),
    ]


def of_others(results: Results) -> list[str]:
    """Return how networks of other packages do in the same time on the same cores."""
    lines, said, here = [], [], results.beside_peers
    for row in ROWS:
        ours = here.read(here.of_fit(row.problem, NETWORKS))
        added = here.read(here.of_comparison(row.problem, NETWORKS)) or {}
        for peer in PEERS:
            fit = results.read(results.of_fit(row.problem, peer))
            if fit is None or ours is None:
                continue
            gain = added.get(peer, {}).get(row.name)
            lines.append(
                [
                    f"{row.title}, {NAMES[row.metric]}", OTHERS[peer],
                    *(_plainly(one["scores"][row.name]) for one in (fit, ours)),
                    NOT_RUN if gain is None else difference(gain),
                    f"{fit['wall_seconds'] / 60:.1f} min",
                ]
            )  # fmt: skip
            epochs = " and ".join(map(str, fit["notes"]["epochs"]))
            said.append(f"{OTHERS[peer]} on `{row.name}`: {epochs} epochs")
    head = [
        "data",
        "network",
        "its score",
        f"seqexpr, best, {results.peers_budget}",
        "seqexpr's gain",
        "their time",
    ]
    return [
        (
            "gReLU and CREsted from PyPI, and ours, on the same rows, the same two cores and at "
            f"most {results.peers_budget} each. Theirs live in an environment of their own: `make "
            ".venv-peers/.made`, then `python -m benchmarks.accuracy --systems "
            f"grelu,crested,networks --networks-budget {results.peers_budget}`. Each trains twice, "
            "with learning rates of 1e-3 and of 1e-4 (gReLU) or 3e-4 (CREsted), on nine tenths of "
            "the train rows; the last tenth stops it (patience of 10 epochs) and chooses. Both "
            "want one length: shorter sequences have N at both ends, as gReLU pads; "
            "CREsted's target is scaled to mean 0 and deviation 1. "
            f"{len(lines)} rows of {len(ROWS) * len(PEERS)} were run."
        ),
        *([table(head, lines), "; ".join(said) + ". " + FEW_EPOCHS] if lines else []),
    ]


def _plainly(score: dict[str, Any]) -> str:
    return f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _reach_with_networks(row: Row, score: dict[str, Any] | None) -> str:
    if row.reach_with_networks is None:
        return "none set"
    if not row.of_ceiling:
        return f"{row.reach_with_networks:g}"
    text = f"{row.reach_with_networks:.0%} of the ceiling"
    ceiling = score and score["ceiling"]
    return f"{row.reach_with_networks * ceiling['value']:.3f} ({text})" if ceiling else text


def _scored(row: Row, score: dict[str, Any]) -> str:
    text = f"{score['value']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"
    needed = row.reach_with_networks
    if needed is not None and row.of_ceiling:
        needed = needed * score["ceiling"]["value"] if score["ceiling"] else None
    return f"**{text}**" if needed is not None and score["value"] >= needed else text
