"""Turns a trained model into files for servers and devices."""
