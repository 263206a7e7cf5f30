"""An independent simulator of the model, written from its text alone, as a test oracle."""
