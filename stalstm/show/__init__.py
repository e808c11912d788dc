"""Pictures of recordings and of what a model attends to."""
