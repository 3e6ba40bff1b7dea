using System.Text.Json;

namespace Dpfah.Learning.Tests.Native;

/// <summary>What build/NativeLibraries.targets puts beside a program.</summary>
public sealed class NativeLibrariesTests : IDisposable
{
    private const string Library = "libLibTorchSharp.so";
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("src/Dpfah.Api/Dpfah.Api.csproj")]
    [InlineData("src/Dpfah.Cli/Dpfah.Cli.csproj")]
    public async Task The_CUDA_build_of_a_host_carries_CUDA_and_no_CPU_libtorch(string project)
    {
        string[] packages = await PackageReferencesAsync(project, "cuda");

        Assert.Contains(OperatingSystem.IsWindows() ? "TorchSharp-cuda-windows" : "TorchSharp-cuda-linux", packages);
        Assert.DoesNotContain(packages, name => name.StartsWith("libtorch-cpu", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_default_build_carries_the_CPU_libtorch_of_its_platform()
    {
        string[] packages = await PackageReferencesAsync("src/Dpfah.Api/Dpfah.Api.csproj", "cpu");

        Assert.Single(packages, name => name.StartsWith("libtorch-", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(packages, name => name.Contains("cuda", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_library_beside_a_program_is_a_marked_copy_and_the_package_stays_as_it_was()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        byte[] package = await File.ReadAllBytesAsync(await PackageLibraryAsync());
        byte[] marked = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, Library));

        // VER_FLG_WEAK of one Elf64_Vernaux; a package that had been patched in place would not differ.
        Assert.Equal(package.Length, marked.Length);
        int position = Assert.Single(Enumerable.Range(0, package.Length), i => package[i] != marked[i]);
        Assert.Equal((0, 2), (package[position], marked[position]));
    }

    [Fact]
    public async Task A_library_that_is_not_exactly_as_expected_is_copied_unchanged()
    {
        byte[] library = await File.ReadAllBytesAsync(await PackageLibraryAsync());
        byte[] elf32 = [.. library];
        elf32[4] = 1;
        var cases = new List<MarkCase>
        {
            new("text", "no library at all"u8.ToArray()),
            new("empty", []),
            new("elf32", elf32),
            new("truncated", library[..(library.Length / 2)]),
            new("no-such-version", library, Version: "GLIBCXX_9.9"),
            new("another-symbol-needs-it", library, Symbol: "_ZSt4cout"),
            new("weak", library),
        };

        await MarkAsync(cases);
        await MarkAsync(cases);

        IEnumerable<MarkCase> changed = cases.Where(item => !item.Content.SequenceEqual(File.ReadAllBytes(folder.File($"{item.Name}.marked"))));
        Assert.Equal("weak", Assert.Single(changed).Name);
        Assert.All(cases, item => Assert.Equal(item.Content, File.ReadAllBytes(folder.File(item.Name))));
        Assert.Equal((2 * cases.Count) + 1, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public async Task Another_backend_is_refused()
    {
        Xunit.Sdk.TrueException error = await Assert.ThrowsAsync<Xunit.Sdk.TrueException>(
            () => DotnetBuild.RunAsync("src/Dpfah.Cli/Dpfah.Cli.csproj", "-t:CheckTorchBackend", "-p:TorchBackend=gpu"));

        Assert.Contains("TorchBackend is 'gpu'; it must be cpu or cuda.", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string[]> PackageReferencesAsync(string project, string backend)
    {
        string json = await DotnetBuild.RunAsync(project, "-getItem:PackageReference", $"-p:TorchBackend={backend}");
        using JsonDocument items = JsonDocument.Parse(json);
        JsonElement references = items.RootElement.GetProperty("Items").GetProperty("PackageReference");
        return [.. references.EnumerateArray().Select(item => item.GetProperty("Identity").GetString()!)];
    }

    private static async Task<string> PackageLibraryAsync()
    {
        string root = (await DotnetBuild.RunAsync("src/Dpfah.Cli/Dpfah.Cli.csproj", "-getProperty:NuGetPackageRoot")).Trim();
        string version = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3);
        return Path.Combine(root, "torchsharp", version, "runtimes", "linux-x64", "native", Library);
    }

    /// <summary>Runs the build's task on each case, in one build.</summary>
    private async Task MarkAsync(IEnumerable<MarkCase> cases)
    {
        var calls = new List<string>();
        foreach (MarkCase item in cases)
        {
            string file = folder.File(item.Name);
            await File.WriteAllBytesAsync(file, item.Content);
            calls.Add($"""
                <MarkVersionNeedWeak Source="{file}" Destination="{file}.marked" Version="{item.Version}" Symbol="{item.Symbol}" />
                """);
        }

        string project = folder.File("mark.proj");
        await File.WriteAllTextAsync(project, $"""
            <Project>
              <Import Project="{Path.Combine(DotnetBuild.Repository, "build", "NativeLibraries.targets")}" />
              <Target Name="Mark">
                {string.Join('\n', calls)}
              </Target>
            </Project>
            """);
        await DotnetBuild.RunAsync(project, "-t:Mark");
    }

    private sealed record MarkCase(
        string Name, byte[] Content, string Version = "GLIBCXX_3.4.32", string Symbol = "_ZSt21ios_base_library_initv");
}
