using System.Text.RegularExpressions;
using System.Xml.Linq;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>THIRD-PARTY.md names every package, in its version, under the licence that its own metadata states.</summary>
public sealed partial class ThirdPartyTests
{
    [Fact]
    public void Every_package_is_named_in_its_version()
    {
        IEnumerable<string> referenced = Versions(Repository.PathOf("Directory.Packages.props"), "PackageVersion");
        IEnumerable<string> downloaded = Directory.GetFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .SelectMany(project => Versions(project, "PackageDownload"));

        Assert.Equal(
            referenced.Concat(downloaded).Order(StringComparer.Ordinal),
            Rows().Select(row => $"{row.Package} {row.Version}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Licences_are_those_of_the_packages_metadata()
    {
        int compared = 0;
        foreach ((string package, string version, string licence) in Rows())
        {
            string id = package.ToLowerInvariant();
            string metadata = Path.Combine(PackagesFolder(), id, version, id + ".nuspec");
            if (!File.Exists(metadata))
            {
                continue; // Packages of other platforms are not restored here.
            }

            XElement? stated = XDocument.Load(metadata).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
            if (stated?.Attribute("type")?.Value == "expression")
            {
                Assert.True(stated.Value == licence, $"{package} is under {stated.Value}; THIRD-PARTY.md says {licence}.");
                compared++;
            }
        }

        Assert.True(compared > 20, $"The metadata of only {compared} packages was found in {PackagesFolder()}.");
    }

    /// <summary>The packages of one kind in an MSBuild file, as "name version".</summary>
    private static IEnumerable<string> Versions(string path, string kind)
    {
        XDocument file = XDocument.Load(path);
        foreach (XElement package in file.Descendants(kind))
        {
            string version = package.Attribute("Version")!.Value.Trim('[', ']');
            if (version.StartsWith("$(", StringComparison.Ordinal))
            {
                version = file.Descendants(version[2..^1]).Single().Value;
            }

            yield return $"{package.Attribute("Include")!.Value} {version}";
        }
    }

    private static IEnumerable<(string Package, string Version, string Licence)> Rows() =>
        Row().Matches(File.ReadAllText(Repository.PathOf("THIRD-PARTY.md")))
            .Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value));

    private static string PackagesFolder() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    // "| package | 1.2.3 | licence | for |"
    [GeneratedRegex(@"^\| (\S+) \| (\d+\.\d+\S*) \| (\S+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
