namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>Files of the checkout that the tests were built from.</summary>
public static class Repository
{
    /// <summary>Folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Full path of a file of the repository.</summary>
    /// <param name="path">Path from the root, with forward slashes.</param>
    public static string PathOf(string path) => Path.Combine(Root, path);

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Dpfah.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Dpfah.sln.");
    }
}
