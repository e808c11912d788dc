"""What several classical methods share."""
