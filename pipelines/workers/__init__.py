"""Runs on other hosts: `callhouse worker` takes them from a broker, one queue for what schedules
ask for and one for everything else. Where there is no broker Celery isn't imported.
"""
