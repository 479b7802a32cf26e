"""Answers SNMP for Net-SNMP's snmpd (pass_persist), from the status socket: a process of its own. May use show."""
