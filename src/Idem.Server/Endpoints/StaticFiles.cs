// The page and the OpenAPI document, which lie in the assembly. The page may load what this server gives it, and nothing else.

using System.Reflection;
using Idem.Server.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Idem.Server.Endpoints;

internal static class StaticFiles
{
    private const string Root = "wwwroot/";

    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    private static readonly Dictionary<string, string> Types = new()
    {
        [".html"] = "text/html; charset=utf-8", [".css"] = "text/css; charset=utf-8", [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml", [".json"] = "application/json",
    };

    public static void Map(WebApplication app)
    {
        Assembly assembly = typeof(StaticFiles).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Root, StringComparison.Ordinal)))
        {
            byte[] bytes = Read(assembly, name);
            string file = name[Root.Length..], type = Types[Path.GetExtension(file)];
            app.MapMethods(file == "index.html" ? "/" : "/" + file, ["GET", "HEAD"], context => Answer(context, type, bytes));
        }
    }

    private static Task Answer(HttpContext context, string type, byte[] bytes)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        return context.Response.WriteBytesAsync(type, bytes);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using Stream stream = assembly.GetManifestResourceStream(name)!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
