"""Wing: scenes, change detection and change patches."""
