"""What made the shipped models, runnable by anyone with the data (extra ``train``: torch and scikit-learn)."""
