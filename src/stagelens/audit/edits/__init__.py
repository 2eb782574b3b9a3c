"""What to change in a mixture to move one measure and leave the others alone: proposed, predicted, tested."""
