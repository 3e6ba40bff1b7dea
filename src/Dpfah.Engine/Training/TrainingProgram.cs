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
}
