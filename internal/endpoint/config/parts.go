package config

import "time"

func (s *Scanner) keys() []key {
	return []key{
		{"scanner.workers", &s.Workers, numbers(0, 64), "How many. 0: as many as processors, and at most 4."},
		{"scanner.user", &s.User, name, "Who they run as. If there is no such user: nobody, and vitrine status says so."},
		{"scanner.memory", sizeAt(&s.Memory), sizes(64<<20, 1<<40), "How much memory each may take."},
		{"scanner.max_time", &s.MaxTime, between(100*time.Millisecond, time.Hour),
			"How long one file may take. What was not looked at by then makes it incomplete."},
		{"scanner.rules", &s.Rules, paths, "Further rules: files and folders of .yar, or what vitrine rules compile made."},
		{"scanner.builtin", &s.Builtin, nil, "Use the rules that come with the program, or with its updates."},
		{"scanner.clamav", &s.ClamAV, pathOrNone, "A folder with ClamAV's signatures, such as /var/lib/clamav. Empty: none."},
		{"scanner.hashes", &s.Hashes, paths, "Lists of SHA-256 of malware."},
		{"scanner.allow", &s.Allow, paths, "Lists of SHA-256 of files that are never malware. vitrine allow add keeps one with reasons."},
		{"scanner.passwords", &s.Passwords, pathOrNone, "A file of passwords to try on archives, one a line. Empty: those that malware is sent with."},
		{"scanner.state", &s.State, path, "Where vitrine update keeps rules."},
	}
}

func (q *Quarantine) keys() []key {
	return []key{
		{"quarantine.dir", &q.Dir, path, "Where. Only root can read it."},
		{"quarantine.keep", &q.Keep, betweenOrZero(24*time.Hour, 3650*24*time.Hour), `How long. "0s": until somebody deletes it.`},
		{"quarantine.max_size", sizeAt(&q.MaxSize), sizesOrZero(1<<20, 1<<50),
			`How much; the oldest goes first. "0": no limit. Nothing goes while it is less than an hour old:
when there is no room, malware is blocked and left where it is.`},
	}
}

func (n *Network) keys() []key {
	return []key{
		{"network.enabled", &n.Enabled, nil, "Refuse connections to listed addresses and names."},
		{"network.lists", &n.Lists, paths, "Files of addresses, networks and names, one a line. Lists of installed bundles count as well."},
		{"network.backend", &n.Backend, oneOf(Auto, BPF, NFT),
			`"bpf" knows which process connects. "nft" is the packet filter, and covers forwarded traffic.
"auto" uses what the kernel has of both.`},
		{"network.cgroup", &n.Cgroup, pathOrNone, "The control group whose processes are covered. Empty: the root of them, and so all."},
		{"network.resolver", &n.Resolver, resolver,
			`Where a resolver that refuses listed names listens, such as "127.0.0.55:53". Empty: none.
Nothing uses it until /etc/resolv.conf names it; the guard does not change that file.`},
		{"network.upstreams", &n.Upstreams, addresses, "The resolvers it asks. Empty: those of /etc/resolv.conf."},
		{"network.sinkhole", &n.Sinkhole, bareAddresses, "What it answers for listed names. Empty: that there is no such name."},
	}
}

func (c *Clamd) keys() []key {
	return []key{
		{"clamd.enabled", &c.Enabled, nil, "Answer at the socket."},
		{"clamd.socket", &c.Socket, path, "The socket."},
		{"clamd.group", &c.Group, nameOrNone, "Who may ask, besides root: a group, such as clamav. Empty: nobody."},
		{"clamd.max_stream", sizeAt(&c.MaxStream), sizes(1<<10, 1<<40), "How much one stream may hold."},
		{"clamd.threads", &c.Threads, numbers(0, 256), "How many files are looked at at once. 0: as many as there are scanners."},
		{"clamd.incomplete_ok", &c.IncompleteOK, nil,
			"Answer OK of what could not wholly be looked at, such as an encrypted archive, as clamd does.\nOtherwise it is an ERROR, and mail with it may wait."},
		{"clamd.idle", &c.Idle, between(time.Second, time.Hour), "How long a client may say nothing."},
	}
}

func (c *Control) keys() []key {
	return []key{
		{"control.socket", &c.Socket, path, "The socket. Every user may ask for the status there."},
		{"control.group", &c.Group, nameOrNone, "A group whose members may do everything that root may there. Empty: none."},
	}
}

func (e *Events) keys() []key {
	return []key{
		{"events.file", &e.File, pathOrNone, "A file of JSON lines in the shape of OCSF. Empty: none."},
		{"events.max_size", sizeAt(&e.MaxSize), sizes(64<<10, 1<<40), "When the file is put aside and a new one begun."},
		{"events.keep", &e.Keep, numbers(0, 1000), "How many that were put aside are kept."},
		{"events.journal", &e.Journal, nil, "Tell the journal of systemd, where there is one."},
		{"events.metrics", &e.Metrics, pathOrNone,
			"A file of counters for Prometheus, for its node exporter's folder of text files. Empty: none.\nvitrine status --metrics prints the same."},
		{"events.desktop", &e.Desktop, nil, "Show detections on the desktops of users who are logged in. Needs notify-send."},
	}
}

func (s *Sweep) keys() []key {
	return []key{
		{"sweep.quick", &s.Quick, paths, "Further folders for the quick scan. It looks at running programs, temporary folders, downloads\nand the places from which programs are started by themselves."},
		{"sweep.idle", &s.Idle, nil, "Read only while nobody else reads, and run behind everything else."},
		{"sweep.cpu", &s.CPU, numbers(1, 100), "Percent of the scanners' time that it may take."},
	}
}

func (s *State) keys() []key {
	return []key{{"state.dir", &s.Dir, path, "A folder. Only root can write there."}}
}
