"""The ladder of models: scikit-learn regressors over strings."""
