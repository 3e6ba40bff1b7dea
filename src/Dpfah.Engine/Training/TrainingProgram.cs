using System.Runtime.InteropServices;

namespace Dpfah.Engine.Training;

/// <summary>The program that trains, as a child process of the service: <c>dpfah</c>, the terminal program.</summary>
/// <param name="Assembly">Path of its assembly, <c>dpfah.dll</c>.</param>
/// <param name="Nice">How far it stands back behind other processes: 0 to 19. On Windows it is of lower priority whatever this says.</param>
public sealed record TrainingProgram(string Assembly, int Nice = TrainingProgram.DefaultNice)
{
    /// <summary>Niceness unless set: searches come first.</summary>
    public const int DefaultNice = 10;

    /// <summary>Name of the assembly, which is built and published beside the service.</summary>
    public const string AssemblyName = "dpfah.dll";

    /// <summary>The program beside this one.</summary>
    public static TrainingProgram Beside { get; } = new(Path.Combine(AppContext.BaseDirectory, AssemblyName));

    /// <summary>What runs assemblies: the very runtime that runs this process, however this was started.</summary>
    internal static string Dotnet
    {
        get
        {
            string name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
            if (Path.GetFileName(Environment.ProcessPath) == name)
            {
                return Environment.ProcessPath!;
            }

            // …/dotnet/shared/Microsoft.NETCore.App/10.0.0/
            string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
            return File.Exists(beside) ? beside : name;
        }
    }
}
