package cuckoo_test

import (
	"strings"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/cuckoo"
	"vitrine/yara/internal/module/moduletest"
)

const sample = `{
 "network": {
  "domains": [{"ip": "192.0.2.1", "domain": "a.example"}, {"ip": "192.0.2.2", "domain": "b.example"}, {"domain": "no-address.example"}, 7],
  "dns": [{"ip": "192.0.2.3", "hostname": "old.example"}],
  "http": [{"uri": "http://a.example/x", "method": "GET", "user-agent": "Bot/1"},
           {"uri": "http://b.example/y", "method": "post"}, {"uri": "http://c.example/z", "method": "HEAD"},
           {"uri": "http://d.example/none"}, {"uri": 5, "method": "GET"}],
  "hosts": ["192.0.2.9", 8, "198.51.100.1"],
  "tcp": [{"dst": "192.0.2.1", "dport": 443, "dst_domain": "a.example"}, {"dst": "192.0.2.1", "dport": 443}, {"dst": "192.0.2.1", "dport": "80"}],
  "udp": [{"dst": "192.0.2.53", "dport": 53}, {"dst": "192.0.2.53", "dport": 53.5}]
 },
 "behavior": {"summary": {
  "keys": ["HKEY_LOCAL_MACHINE\\Run"], "files": ["C:\\a.txt", "C:\\b.txt", {}], "mutexes": ["once"]
 }}
}`

func open(report string, yarax bool) *moduletest.Scan {
	return moduletest.OpenIn(cuckoo.Module(), module.Context{Extra: []byte(report), YARAX: yarax})
}

func TestReport(t *testing.T) {
	for _, c := range []struct{ path, four, yarax string }{
		{"network.dns_lookup(/example/)", "1", "3"}, {"network.dns_lookup(/no-address/)", "0", "1"},
		{"network.dns_lookup(/old/)", "0", "0"}, {"network.http_get(/example/)", "1", "1"},
		{"network.http_get(/b.example/)", "0", "0"}, {"network.http_post(/B.EXAMPLE/i)", "1", "1"},
		{"network.http_post(/a.example/)", "0", "0"}, {"network.http_request(/example/)", "1", "3"},
		{"network.http_request(/c.example/)", "0", "1"}, {"network.http_request(/none/)", "0", "0"},
		{"network.http_user_agent(/^Bot/)", "1", "1"}, {"network.http_user_agent(/^ot/)", "0", "0"},
		{"network.host(/192/)", "1", "1"}, {"network.host(/8$/)", "0", "0"},
		{"network.tcp(/192/, 443)", "1", "2"}, {"network.tcp(/192/, 80)", "0", "0"}, {"network.tcp(/a.example/, 443)", "0", "1"},
		{"network.udp(/53$/, 53)", "1", "1"}, {"network.udp(/53$/, 443)", "0", "0"},
		{"registry.key_access(/Run$/)", "1", "1"}, {"filesystem.file_access(/txt$/)", "1", "2"},
		{"sync.mutex(/once/)", "1", "1"}, {"sync.mutex(/twice/)", "0", "0"},
	} {
		moduletest.Check(t, open(sample, false), [][2]string{{c.path, c.four}})
		moduletest.Check(t, open(sample, true), [][2]string{{c.path, c.yarax}})
	}
}

func TestOlderReport(t *testing.T) {
	const report = `{"network": {"dns": [{"ip": "192.0.2.3", "hostname": "old.example"}]}}`
	moduletest.Check(t, open(report, false), [][2]string{{"network.dns_lookup(/^old/)", "1"}, {"network.dns_lookup(/new/)", "0"}})
}

func TestOtherReports(t *testing.T) {
	for report, want := range map[string]string{
		"": "0", "{}": "0", "[1, 2]": "0", `{"network": 5, "behavior": []}`: "0", `{"behavior": {"summary": {"mutexes": "once"}}}`: "0",
		"no JSON": "undefined", `{"network": {}`: "undefined", "{} {}": "undefined", strings.Repeat("[", 20000): "undefined",
	} {
		for _, path := range []string{"network.host(/./)", "sync.mutex(/./)", "network.tcp(/./, 1)"} {
			if got := open(report, false).Eval(path); got != want {
				t.Errorf("%.20q: %s = %s, want %s", report, path, got, want)
			}
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(sample), false)
	f.Add([]byte(`{"network": {"domains": null, "dns": [[]]}, "behavior": {"summary": {"keys": [null]}}}`), true)
	m := cuckoo.Module()
	f.Fuzz(func(t *testing.T, report []byte, yarax bool) {
		moduletest.OpenIn(m, module.Context{Extra: report, YARAX: yarax}).Walk(8, nil)
	})
}
