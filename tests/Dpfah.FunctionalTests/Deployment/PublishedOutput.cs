using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>What <c>dotnet publish</c> makes of the service, in a folder that nobody may write to. Made once for a test class.</summary>
public sealed class PublishedOutput : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The program folder.</summary>
    public string Folder => folder["app"];

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        // The configuration and the command of the Dockerfile, without a minute of compiling ahead.
        await Command.RunAsync(
            Repository.Root, "dotnet", "publish", "src/Dpfah.Api", "--no-restore", "-c", "Release", "-o", Folder, "-p:PublishReadyToRun=false", "--nologo", "-v", "quiet");
        await Command.RunAsync(null, "chmod", "755", folder.Path);
        await Command.RunAsync(null, "chmod", "-R", "a-w", Folder);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync(null, "chmod", "-R", "u+w", folder.Path);
        folder.Dispose();
    }
}
