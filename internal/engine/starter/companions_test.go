package starter

// companions names, for the sample of a rule, the other rules that rightly
// find it too.
var companions = map[string][]string{
	"mail_wsf_dropper":               {"mail_hta_dropper"},
	"packed_elf_single_rwx_segment":  {"packed_elf_entry_in_writable_segment"},
	"persistence_cron_fetch_pipe":    {"dropper_fetch_pipe_address"},
	"persistence_cron_reverse_shell": {"reverse_shell_netcat_exec"},
}
