"""What is known of an attempt, apart from any judgement: recorded, read off the conversation, put in words."""
