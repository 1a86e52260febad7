"""What each key may still spend: reserved before a call, settled after it, so that calls at once cannot overspend."""
