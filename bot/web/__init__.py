"""The web chat: the same dialogs in a browser, on the city's own machine."""
