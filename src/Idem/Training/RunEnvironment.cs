// What executed a run. Written down for the reader of a report; nothing here may change a bit.

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Idem.Audit;
using Idem.Numerics;

namespace Idem.Training;

/// <summary>Versions, machine and resources of an execution.</summary>
/// <param name="Version">Version of Idem.</param>
/// <param name="CodeDigest">Digest of the identities of the assemblies that compute.</param>
/// <param name="Runtime">The .NET runtime.</param>
/// <param name="Os">The operating system.</param>
/// <param name="Architecture">The processor architecture.</param>
/// <param name="Threads">Threads used.</param>
/// <param name="Simd">Vector path used.</param>
public sealed record RunEnvironment(string Version, string CodeDigest, string Runtime, string Os, string Architecture, int Threads, string Simd)
{
    /// <summary>The environment of this process with these resources.</summary>
    public static RunEnvironment Of(Compute compute) => new(
        ProductVersion, CodeIdentity().ToString(), RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(), compute.Threads, compute.Path.Name());

    /// <summary>Reads what <see cref="ToJson"/> wrote; what is missing or of another kind is an exception of System.Text.Json.Nodes.</summary>
    public static RunEnvironment Of(JsonObject json)
    {
        return new RunEnvironment(Text("version"), Text("code_digest"), Text("runtime"), Text("os"), Text("architecture"), json["threads"]!.GetValue<int>(), Text("simd"));

        string Text(string name) => json[name]!.GetValue<string>();
    }

    /// <summary>As run.json holds it.</summary>
    public JsonObject ToJson() => new()
    {
        ["version"] = Version,
        ["code_digest"] = CodeDigest,
        ["runtime"] = Runtime,
        ["os"] = Os,
        ["architecture"] = Architecture,
        ["threads"] = Threads,
        ["simd"] = Simd,
    };

    /// <summary>The version of Idem.</summary>
    public static string ProductVersion =>
        typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>
    /// Builds are deterministic, so the module version ids of the two assemblies that compute identify their source and compiler.
    /// </summary>
    private static Digest CodeIdentity() => Digest.Of(Encoding.UTF8.GetBytes(
        $"idem-code-1\n{typeof(Compute).Module.ModuleVersionId:D}\n{typeof(RunEnvironment).Module.ModuleVersionId:D}\n"));
}
