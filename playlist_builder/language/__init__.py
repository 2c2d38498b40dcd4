"""Texts for people: notices, their translation, and how texts, times and lines are written."""
