using System.Diagnostics;

namespace Dpfah.FunctionalTests.Infrastructure;

/// <summary>
/// A disk in memory of a few megabytes, which is soon full. Only programs that are started in it see it, at the path of a folder of this
/// machine; it is gone when this is disposed, or when the test process ends, however it ends.
/// </summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    // Standard input is a pipe whose other end only the test process holds.
    private const string Holder = "mount -t tmpfs -o size=\"$1\",mode=\"$2\",uid=\"$3\",gid=\"$3\" tmpfs \"$4\" && echo mounted && exec cat";

    private readonly Process holder;
    private readonly string folder;

    private SmallDisk(Process holder, string folder) => (this.holder, this.folder) = (holder, folder);

    private string Filler => Path.Combine(Outside, "filler");

    /// <summary>Where this process finds what lies on the disk.</summary>
    public string Outside => $"/proc/{holder.Id}/root{folder}";

    /// <summary>Makes a disk.</summary>
    /// <param name="folder">An existing folder; for programs inside it is the disk.</param>
    /// <param name="megabytes">Its size.</param>
    /// <param name="owner">Number of the user to whom its root belongs, where this process is root.</param>
    public static async Task<SmallDisk> CreateAsync(string folder, int megabytes, int owner = 0)
    {
        // To mount is root's; whoever is not root is in a namespace of its own, which is all that is wanted here.
        string[] asRoot = Environment.IsPrivilegedProcess ? [] : ["--user", "--map-root-user"];
        string user = Environment.IsPrivilegedProcess ? $"{owner}" : "0";
        Process holder = Process.Start(new ProcessStartInfo(
            "unshare", [.. asRoot, "--mount", "/bin/sh", "-c", Holder, "disk", $"{megabytes}m", "700", user, folder])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var disk = new SmallDisk(holder, folder);
        if (await holder.StandardOutput.ReadLineAsync() != "mounted")
        {
            await disk.DisposeAsync();
            throw new InvalidOperationException("No disk could be mounted: 'unshare --mount' needs root, or namespaces for everybody.");
        }

        return disk;
    }

    /// <summary>The command line that runs a program where the disk is.</summary>
    public IReadOnlyList<string> Inside(params IEnumerable<string> commandLine)
    {
        string[] asRoot = Environment.IsPrivilegedProcess ? [] : [$"--user=/proc/{holder.Id}/ns/user", "--preserve-credentials"];
        return ["nsenter", .. asRoot, $"--mount=/proc/{holder.Id}/ns/mnt", "--", .. commandLine];
    }

    /// <summary>Fills the disk but for some bytes.</summary>
    public void Fill(int leave)
    {
        using FileStream filler = new(Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            filler.SetLength(Math.Max(0, filler.Length - leave));
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(Filler);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        holder.StandardInput.Close();
        await holder.WaitForExitAsync();
        holder.Dispose();
    }
}
