"""Which features of an annotation give a window on a genome, and why the others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seqexpr.data.window_places import OnEdge, WindowShape, place_windows
from seqexpr.data.windows_summary import LeftOut
from seqexpr.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from seqexpr.data.reference import ReferenceGenome

__all__ = ["Selection"]

_MOST_BEYOND = 0.01  # more features beyond the ends of chromosomes: another assembly


class Selection:
    """Features that are left, step by step, and what was left out.

    Parameters
    ----------
    features : DataFrame
        As of :class:`seqexpr.data.annotation.Annotation`; not changed.
    source : str
        Name of the annotation, for messages.

    Attributes
    ----------
    features : DataFrame
        What is left.
    left_out : list of LeftOut
        With :attr:`features`, adds up to what there was.
    notes : list of str
        What was assumed, in words.
    """

    def __init__(self, features: pd.DataFrame, source: str) -> None:
        self.features = features
        self.left_out: list[LeftOut] = []
        self.notes: list[str] = []
        self._source = source

    def leave_out(self, is_out: npt.NDArray[np.bool_], reason: str) -> None:
        """Take the marked features out, for a reason in words."""
        if is_out.any():
            genes = tuple(dict.fromkeys(self.features.loc[is_out, "gene"].tolist()))[:3]
            self.left_out.append(LeftOut(reason, int(is_out.sum()), genes))
            self.features = self.features[~is_out]

    def find_chromosomes(self, genome: ReferenceGenome) -> None:
        """Call each chromosome as the genome does, and add its length.

        Raises
        ------
        InputError
            If the genome has none of the chromosomes, or more than 1% of the
            features lie beyond the end of theirs: another assembly.
        """
        names = self.features["chromosome"].unique().tolist()
        found = {name: genome.resolve(name) for name in names}
        known = {name: there for name, there in found.items() if there is not None}
        lost = [name for name in names if name not in known]
        if not known:
            raise InputError(
                f"{genome.path.name} has none of the chromosomes of {self._source}: it has "
                f"{_some(genome.names)}, and the annotation names {_some(names)}; take both from "
                "one source, or rename the chromosomes of one"
            )
        if renamed := [name for name, there in known.items() if name != there]:
            self.notes.append(
                f"{len(renamed):,} chromosomes are named otherwise in the genome (such as "
                f"{renamed[0]} for {known[renamed[0]]}), and were matched"
            )
        self.leave_out(
            self.features["chromosome"].isin(lost).to_numpy(),
            f"on chromosomes that the genome does not have ({_some(lost)})",
        )
        chromosome = self.features["chromosome"].map(known)
        lengths = {there: genome.length(there) for there in known.values()}
        self.features = self.features.assign(
            chromosome=chromosome, _length=chromosome.map(lengths).astype("int64")
        )
        self._check_ends(genome)

    def _check_ends(self, genome: ReferenceGenome) -> None:
        beyond = (self.features["end"] > self.features["_length"]).to_numpy()
        if beyond.mean() > _MOST_BEYOND:
            first = self.features[beyond].iloc[0]
            raise InputError(
                f"{self._source}: {int(beyond.sum()):,} of {len(beyond):,} features end beyond "
                f"their chromosome (first: {first['gene']} at {first['chromosome']}:"
                f"{first['start']:,}-{first['end']:,}, which has {first['_length']:,} bases in "
                f"{genome.path.name}); annotation and genome are of different assemblies"
            )
        self.leave_out(beyond, "end beyond their chromosome, as genes across the origin do")

    def place(self, shape: WindowShape, *, max_length: int) -> None:
        """Replace the places of the features by those of their windows."""
        has_no_strand = (self.features["strand"] == ".").to_numpy()
        if shape.region != "interval":
            what = "start" if shape.region == "tss" else "end"
            self.leave_out(has_no_strand, f"without a strand, so their {what} is not known")
        elif has_no_strand.any():
            self.notes.append(
                f"{int(has_no_strand.sum()):,} intervals without a strand are read forwards"
            )
            self.features = self.features.assign(strand=self.features["strand"].replace(".", "+"))
        placed = place_windows(self.features, shape)
        self.features = self.features.assign(start=placed["start"], end=placed["end"])
        lengths = (self.features["end"] - self.features["start"]).to_numpy()
        self.leave_out(lengths == 0, "without any base")
        lengths = (self.features["end"] - self.features["start"]).to_numpy()
        self.leave_out(lengths > max_length, f"longer than {max_length:,} bases (--max-length)")

    def drop_same_places(self) -> None:
        """Keep one window of the transcripts of a gene that start at one place."""
        place = ["gene", "chromosome", "start", "end", "strand"]
        self.leave_out(
            self.features.duplicated(place).to_numpy(),
            "with the same window as another transcript of their gene",
        )

    def meet_edges(self, on_edge: OnEdge) -> None:
        """Leave out the windows that reach beyond their chromosome, if asked for."""
        reaches = (self.features["start"] < 0) | (self.features["end"] > self.features["_length"])
        if on_edge == "drop":
            self.leave_out(reaches.to_numpy(), "with a window that reaches beyond their chromosome")


def _some(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5:,} more"
