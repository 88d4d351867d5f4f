"""The names that the field gives to its columns.

Names are compared in lower case with their words parted by "_", see
:func:`plain_name`. Of several ranks the first one with a match wins; two
matches in one rank are a doubt, which is not decided here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = [
    "CHROMOSOME",
    "ERROR_VARIANCE",
    "GROUP",
    "ID",
    "NOT_SEQUENCE",
    "NOT_TARGET",
    "N_REPLICATES",
    "READS",
    "REPLICATE",
    "SEQUENCE",
    "SPLIT",
    "STANDARD_DEVIATION",
    "STANDARD_ERROR",
    "TARGET",
    "WEIGHT",
    "Rank",
    "plain_name",
]


def plain_name(name: str) -> str:
    """Return a column name in lower case, its words parted by "_".

    Examples
    --------
    >>> [plain_name(name) for name in ("Expression Level", "meanValue", " K562 (log2FC)", "ID")]
    ['expression_level', 'mean_value', 'k562_log2fc', 'id']
    """
    parted = re.sub(r"([a-z])([A-Z])", r"\1_\2", name.strip())
    return re.sub(r"[^0-9a-z]+", "_", parted.lower()).strip("_")


class Rank(NamedTuple):
    """Names that are equally good.

    Attributes
    ----------
    pattern : str
        Regular expression that a whole plain name matches. Columns that agree
        in a group named "ending" belong together.
    is_well_known : bool
        Whether such a name means it even where the cells look otherwise.
    """

    pattern: str
    is_well_known: bool


def _names(*patterns: str, is_well_known: bool = True) -> Rank:
    return Rank("|".join(patterns), is_well_known)


SEQUENCE = (
    _names("sequences?", "seqs?", "dna", "dna_?seq(uence)?", "nucleotide_?sequence"),
    _names(
        "(promoter|insert|oligo|variant|construct|element|enhancer|full|input|utr)_?seq(uence)?",
    ),
    # These may as well hold the names of promoters, so they count only if they hold DNA.
    _names(
        ".+_?(sequence|seq)",
        "promoter|oligo|insert|construct|variant|element|enhancer|utr",
        is_well_known=False,
    ),
)

# DNA that stands beside the sequence, and is not the sequence.
NOT_SEQUENCE = r".*(barcode|primer|adapt[eo]r|umi|index|tag|flank|guide|spacer).*|bcs?"

TARGET = (
    _names("expression", "expression_?level"),
    _names(
        "(mean|gene|log|log2|promoter|avg|average|norm|normali[sz]ed)_?expression",
        "expression_?(value|mean|log2?)",
        "expr",
    ),
    _names(
        "((mean|log2?|promoter)_?)?activity",
        "mean_?value",
        "log2?_?fc",
        "(log2?_?)?fold_?change",
        "(log2?_?)?enrichment",
        "(log2?_?)?(mean_?)?fluorescence",
        "promoter_?strength",
        "mrl|rl",  # mean ribosome load
        "((log2?|ln)_?)?half_?life",
        "translation_?efficiency",
        "log2?_?ratio",
    ),
    # Of these two, several columns that end alike are several targets.
    _names(".+_?(?P<ending>log2?_?fc|log2?_?fold_?change|log2?_?enrichment)", is_well_known=False),
    _names(".+_?(?P<ending>enrichment)", is_well_known=False),
    _names(".+_?(expression|activity)", is_well_known=False),
    _names("target", "value", "y", "measurement"),
)

REPLICATE = r"rep(licate)?_?\d+"
N_REPLICATES = r"(n|num|number)_?(of_?)?rep(licate)?s?"

# Errors of the measured value. A deviation or variance needs the number of replicates beside it.
STANDARD_ERROR = r"(.+_)?(se|sem|std_?err|standard_?error)"
STANDARD_DEVIATION = r"(.+_)?(sd|std|stdev|standard_?deviation)"
ERROR_VARIANCE = r"(.+_)?(var|variance)"
READS = r"reads?|(n|num|total)_reads|read_?counts?|counts?"

ID = (
    "id",
    "name|identifier|(sequence|seq|oligo|variant|construct|record|row)_?(id|name)",
    "gene|gene_?(id|name)|accession|locus_?tag",
    "row_?names?",
)
WEIGHT = ("(sample_?)?weights?",)
GROUP = (
    "group|group_?(id|name)",
    "family|family_?(id|name)",
    "cluster|cluster_?(id|name)",
    "locus",
)
CHROMOSOME = ("chrom|chromosome|chr",)
SPLIT = ("split", "fold|fold_?(num|id|number)", "set|partition")

# Numbers that stand beside a measurement, and are not the measurement.
NOT_TARGET = (
    r"unnamed.*|row_?names?|start|end|strand|pos(ition)?|length|index|rank|gc|gc_?content"
    r"|(n|num|counts?|reads?|umis?|ct)(_.*)?"
    r"|(.*_)?(reads?|counts?|umis?|barcodes?|bcs|sd|std|stdev|se|sem|var|variance|cv)"
    r"|(.*_)?(p_?val(ue)?|p_?adj|fdr|q_?val(ue)?)"
)
