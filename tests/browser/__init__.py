"""What a person sees and does: JupyterLab and Voila, driven in a headless Chromium."""
