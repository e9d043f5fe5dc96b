"""Groups by which a drawing says how its parts are told in words: see ``digests``."""

RULES = "rules"  # lines that say nothing, such as those between cells
SPOKEN = "spoken"  # texts that are told word by word, such as a drawing's labels
