"""`pytest --nbval notebooks/` compares as `cnnlab compare notebooks` does."""


def pytest_configure(config):
    """With the package's plugin, which brings the setting and the guards."""
    config.pluginmanager.import_plugin("cnnlab.comparing.plugin")
