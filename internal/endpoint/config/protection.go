package config

import "time"

func (p *Protection) keys() []key {
	return []key{
		{"protection.mode", &p.Mode, oneOf(Block, Report),
			`"block" stops malware. "report" lets everything through and tells of it: for a trial.`},
		{"protection.exec", &p.Exec, oneOf(Block, Scan, Never),
			`Programs that are about to run: "block" lets them wait for the verdict, "scan" looks
at them while they run and ends them if they are malware, "off" does not look.`},
		{"protection.write", &p.Write, nil,
			"Look at files after they have been written. Nobody waits for it."},
		{"protection.open", &p.Open, paths,
			"Folders in which every opening waits for the verdict, with all below them: for uploads\nand shares. Each opening of a file that is not known yet costs its scan."},
		{"protection.paths", &p.Paths, paths,
			"Folders whose file systems are watched. Empty: all local file systems, also those that\nare mounted later, and those of containers."},
		{"protection.exclude", &p.Exclude, patterns,
			`Files that are not looked at: "*.iso" by name anywhere, "/srv/db/" a folder with all in
it. vitrine exclude add does the same with a reason; vitrine exclude test PATH explains.`},
		{"protection.actions", &p.Actions, eachOf(Quarantining, Kill, Notify),
			`What is done about malware, besides refusing it: "quarantine" takes the file away,
"kill" ends processes that run it, "notify" calls the hook. Not in mode "report".`},
	}
}

func (p *Protection) limits() []key {
	return []key{
		{"protection.exec_deadline", &p.ExecDeadline, between(10*time.Millisecond, time.Minute),
			"How long a program waits for its verdict before on_timeout decides."},
		{"protection.open_deadline", &p.OpenDeadline, between(10*time.Millisecond, time.Minute),
			"How long an opening waits. After that it goes on; malware found later is dealt with then."},
		{"protection.on_timeout", &p.OnTimeout, oneOf(Allow, Deny),
			`Whether a program whose verdict does not come in time runs: "allow" or "deny".`},
		{"protection.max_file_size", sizeAt(&p.MaxFileSize), sizes(1<<20, 1<<42),
			"Larger files are let through and reported as incomplete."},
		{"protection.blind", &p.Blind, nil,
			"Look for programs that run from memory or from deleted files, which no file event shows."},
		{"protection.hook", &p.Hook, program,
			`A program that is run for each detection, with its arguments: ["/usr/local/sbin/page", "now"].
It gets the event as JSON on its standard input. Empty: none.`},
		{"protection.watchdog", &p.Watchdog, betweenOrZero(time.Second, time.Minute),
			`How long the guard may be stuck before a second process ends it, so that nobody waits
for it for ever. "0s" switches that off.`},
	}
}
