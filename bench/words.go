package bench

// The vocabulary of the generated strings: what programs and scripts are full
// of, so that the rules' strings begin like what stands in clean files.
var (
	words = []string{
		"access", "account", "active", "agent", "archive", "attach", "backup", "base", "batch", "beacon", "begin", "block", "boot",
		"bridge", "buffer", "bypass", "cache", "call", "channel", "check", "chunk", "clean", "client", "clone", "code", "collect",
		"command", "config", "connect", "console", "content", "control", "copy", "core", "crash", "create", "credential", "crypt",
		"current", "data", "debug", "decode", "default", "delete", "deploy", "desktop", "device", "digest", "direct", "disk",
		"domain", "download", "driver", "drop", "dump", "encode", "engine", "enter", "entry", "error", "event", "exec", "export",
		"extract", "fail", "fetch", "file", "filter", "find", "flag", "flush", "folder", "force", "format", "frame", "gate",
		"global", "group", "handle", "hash", "header", "heap", "hidden", "hook", "host", "image", "import", "index", "info",
		"inject", "input", "install", "invoke", "item", "kernel", "keylog", "keyword", "label", "launch", "layer", "length",
		"library", "license", "limit", "link", "list", "load", "local", "lock", "login", "logon", "loop", "machine", "main",
		"manager", "map", "master", "match", "memory", "message", "method", "mirror", "module", "monitor", "mount", "mutex",
		"name", "native", "network", "node", "notify", "object", "offset", "open", "option", "output", "owner", "packet", "page",
		"panel", "parse", "password", "patch", "path", "payload", "pipe", "plugin", "policy", "port", "print", "process",
		"profile", "program", "protect", "proxy", "query", "queue", "random", "read", "record", "recover", "region", "registry",
		"release", "reload", "remote", "remove", "rename", "replace", "report", "request", "reset", "resolve", "resource",
		"result", "return", "root", "route", "sample", "scan", "schedule", "screen", "script", "search", "section", "secure",
		"select", "send", "server", "service", "session", "setup", "shadow", "share", "shell", "signal", "sleep", "socket",
		"source", "spawn", "stack", "stage", "start", "state", "status", "steal", "storage", "stream", "string", "submit",
		"switch", "symbol", "sync", "system", "table", "target", "task", "temp", "terminal", "thread", "ticket", "timer", "token",
		"trace", "tracker", "transfer", "tunnel", "update", "upload", "user", "value", "vector", "verify", "version", "virtual",
		"volume", "wallet", "watch", "window", "worker", "write", "zero", "zone",
	}
	suffixes = []string{"A", "W", "Ex", "ExW", "32", "64", "Info", "Proc", "_t", ""}
	endings  = []string{".exe", ".dll", ".sys", ".tmp", ".dat", ".ps1", ".vbs", ".js", ".php", ".sh", ".pdb", ".bin", ".log", ".so", ".py"}
	folders  = []string{`C:\Windows\System32\`, `C:\Users\Public\`, `\AppData\Roaming\`, `\Release\`, `x64\Debug\`, "/usr/lib/", "/var/tmp/", "/etc/cron.d/", "/images/", "/wp-content/"}
	verbs    = []string{"%s", "%d", "%08x", "%ws", "%u", "%02X", "%s:%d", "0x%p"}
	leads    = []string{"[+] ", "[-] ", "[!] ", "Error: ", "cannot ", "usage: ", "> ", "-- "}
	calls    = []string{"$_POST['%s']", "eval(%s(", "base64_decode($%s", "Request.Item[\"%s\"]", "Runtime.getRuntime().%s(", "os.%s('", "document.%s(", "New-Object %s", "<?php @%s(", "system(%s)"}

	// common stands in many clean files: real rule sets are full of such
	// strings too, and a scanner meets them over and over.
	common = []string{
		"GetProcAddress", "LoadLibraryA", "VirtualAlloc", "http://", "https://", "Content-Type", "User-Agent", "Mozilla/5.0",
		"/bin/sh", "/bin/bash", "/proc/self/exe", "libc.so.6", "GLIBC_2.2.5", "password", "localhost", "127.0.0.1", "%s: %s",
		"error", "import", "package", "func main", "return nil", "socket", "connect", "getenv", "memcpy", "__libc_start_main",
		".text", ".rdata", "This program", "Copyright", "invalid argument", "permission denied", "no such file", "out of memory",
	}

	// opcodes are ordinary x86 instructions. rr is any byte, vv a byte the
	// writer of a rule would leave open.
	opcodes = []string{
		"55 8B EC", "83 EC rr", "8B 45 rr", "89 45 rr", "8D 4D rr", "E8 vv vv vv vv", "FF 15 vv vv vv vv", "85 C0", "74 vv",
		"75 vv", "0F 84 vv vv 00 00", "33 C0", "C3", "5D C3", "6A rr", "68 vv vv vv vv", "50", "51", "8B 0D vv vv vv vv",
		"48 83 EC rr", "48 8B 05 vv vv vv vv", "48 8D 0D vv vv vv vv", "48 89 5C 24 rr", "4C 8B rr", "48 85 C0", "48 8B C8",
		"41 B8 rr 00 00 00", "81 F9 rr rr 00 00", "80 3C 08 rr", "32 04 0A", "C1 E8 rr", "69 C0 rr rr rr rr", "0F B6 04 rr",
		"41 rr rr", "3D rr rr rr rr", "66 0F 6F 05 vv vv vv vv", "F3 A4", "EB vv", "90 90", "C7 45 rr rr rr rr rr",
	}
)
