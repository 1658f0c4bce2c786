#!/bin/sh
# Keeps the web server's log short.
[ -s /var/log/web.log ] && mv /var/log/web.log /var/log/web.log.1
