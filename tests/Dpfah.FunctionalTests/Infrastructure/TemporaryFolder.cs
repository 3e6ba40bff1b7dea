namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>A folder for one test, deleted with all its content in the end.</summary>
public sealed class TemporaryFolder : IDisposable
{
    /// <summary>Full path.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("dpfah-").FullName;

    /// <summary>Full path of something in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Path, recursive: true);
}
