"""Which bases, which motifs, and whether to believe it."""
