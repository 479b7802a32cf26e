# Makes fastbypass_monitor@.service of fastbypass_monitor.service. `%i` is the name of the instance.
1i\
# The service of one of several clusters, fastbypass_monitor@NAME. It is made of fastbypass_monitor.service.\
#
s|^Description=.*|& %i|
s|^SyslogIdentifier=.*|&@%i|
s|^\(ExecStartPre=.*\) /run/fastbypass_monitor$|& /run/fastbypass_monitor/@%i|
s|/var/fastbypass_monitor/backend|/var/fastbypass_monitor/%i|g
s|^ExecStart=.*/launch|& -i %i|
s|^ExecReload=.*|& %i|
