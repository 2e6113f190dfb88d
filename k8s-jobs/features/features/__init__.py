"""The feature job: objects of behaviour into features for training and for serving."""
