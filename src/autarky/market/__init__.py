"""Market: what is asked for, what may come in, who buys what, and how self-sufficient that makes a region."""
