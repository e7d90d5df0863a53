"""Write assets/browser anew: python -m app.browser"""

from app.browser.manifest import write

if __name__ == "__main__":
    write()
