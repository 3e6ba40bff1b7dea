using System.Runtime.InteropServices;

namespace Dpfah.Engine.Hosting;

/// <summary>What runs assemblies as child processes.</summary>
internal static class DotnetHost
{
    /// <summary>The program <c>dotnet</c> of the very runtime that runs this process, however this was started.</summary>
    public static string Path
    {
        get
        {
            string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
            if (System.IO.Path.GetFileName(Environment.ProcessPath) == name)
            {
                return Environment.ProcessPath!;
            }

            // …/dotnet/shared/Microsoft.NETCore.App/10.0.0/
            string beside = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
            return File.Exists(beside) ? beside : name;
        }
    }
}
