"""The SBU Kinect Interaction data set."""
