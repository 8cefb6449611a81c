"""What is read out of runs: conditioning on the record, comparisons, sensitivity."""
