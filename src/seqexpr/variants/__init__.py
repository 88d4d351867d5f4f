"""What a change of the sequence does to the prediction: variants, with their doubt."""
