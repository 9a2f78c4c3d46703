"""What is done in ElevenLabs' cloud, all of it through the official SDK."""
