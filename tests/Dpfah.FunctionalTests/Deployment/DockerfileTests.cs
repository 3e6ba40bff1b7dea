using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Dpfah.Api.Hosting;
using Dpfah.FunctionalTests.Infrastructure;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>No engine builds the image where the tests run, so what can go out of step is compared here.</summary>
public sealed class DockerfileTests
{
    private readonly Dockerfile dockerfile = Dockerfile.Load(Repository.PathOf("Dockerfile"));
    private readonly ComposeFile compose = ComposeFile.Load(Repository.PathOf("docker-compose.yml"));

    [Fact]
    public void Packages_are_restored_for_exactly_the_projects_that_are_published()
    {
        var needed = new SortedSet<string>(StringComparer.Ordinal);
        AddProject("src/Dpfah.Api/Dpfah.Api.csproj", needed);
        AddProject("src/Dpfah.Cli/Dpfah.Cli.csproj", needed);

        string[] copied = [.. dockerfile.CopiedFromContext.Where(path => path.EndsWith(".csproj", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

        Assert.Equal(needed, copied);
        Assert.All(needed, project => Assert.Contains(
            Path.GetDirectoryName(project) + "/packages.lock.json", dockerfile.CopiedFromContext));
        Assert.Equal(needed, SolutionProjects().Where(path => path.StartsWith("src/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Everything_that_is_copied_exists_and_is_let_through_by_dockerignore()
    {
        string[] ignore = File.ReadAllLines(Repository.PathOf(".dockerignore"));
        Assert.Contains("*", ignore); // Nothing but the exceptions.

        Assert.All(dockerfile.CopiedFromContext, path =>
        {
            Assert.True(Path.Exists(Repository.PathOf(path)), $"{path} does not exist.");
            Assert.Contains("!" + path.Split('/')[0], ignore);
        });
    }

    [Fact]
    public void The_build_sees_every_file_at_the_root_that_a_build_reads()
    {
        string[] readByBuilds = ["global.json", ".editorconfig", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "NuGet.config"];

        Assert.Equal(
            readByBuilds.Where(file => File.Exists(Repository.PathOf(file))).Order(StringComparer.Ordinal),
            dockerfile.CopiedFromContext.Intersect(readByBuilds).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Image_and_compose_file_agree_on_port_and_data_folder()
    {
        string port = dockerfile.Last("EXPOSE");
        string data = dockerfile.Last("VOLUME");

        Assert.All(["dpfah", "dpfah-gpu"], service =>
        {
            Assert.EndsWith(":" + port, Assert.Single(compose[service].Ports), StringComparison.Ordinal);
            Assert.EndsWith(":" + data, Assert.Single(compose[service].Volumes), StringComparison.Ordinal);
            Assert.Equal(dockerfile.Environment["ASPNETCORE_URLS"], compose[service].Environment["ASPNETCORE_URLS"]);
            Assert.Equal(dockerfile.Environment["Dpfah__DataFolder"], compose[service].Environment["Dpfah__DataFolder"]);
            Assert.True(compose[service].ReadOnly);
        });
        Assert.EndsWith(":" + port, dockerfile.Environment["ASPNETCORE_URLS"], StringComparison.Ordinal);
        Assert.Equal(data, dockerfile.Environment["Dpfah__DataFolder"]);
    }

    [Fact]
    public void Only_the_services_of_a_profile_need_a_gpu()
    {
        Assert.Empty(compose["dpfah"].Profiles);
        Assert.Equal(["gpu"], compose["dpfah-gpu"].Profiles);
        Assert.Equal("cpu", compose["dpfah"].Environment["Dpfah__Device"]);
        Assert.Equal("cuda", compose["dpfah-gpu"].Environment["Dpfah__Device"]);
    }

    [Fact]
    public void The_cluster_is_three_nodes_of_the_same_settings_with_folders_of_their_own_and_a_balancer_that_knows_them()
    {
        string[] nodes = ["dpfah", "dpfah-2", "dpfah-3"];

        Assert.All(nodes.Skip(1), node =>
        {
            Assert.Equal(["cluster"], compose[node].Profiles);
            Assert.Equal(compose["dpfah"].Environment, compose[node].Environment);
            Assert.Equal(compose["dpfah"].Image, compose[node].Image);
            Assert.True(compose[node].ReadOnly);
            Assert.Empty(compose[node].Ports);
        });
        Assert.Equal(3, nodes.SelectMany(node => compose[node].Volumes).Distinct().Count());
        Assert.Equal(
            nodes.Select(node => $"{node}:{dockerfile.Last("EXPOSE")}"),
            compose["balancer"].Environment.Where(pair => pair.Key.StartsWith("DPFAH_NODE_", StringComparison.Ordinal)).Select(pair => pair.Value));
        string balancer = File.ReadAllText(Repository.PathOf("deploy/haproxy.cfg"));
        Assert.All(compose["balancer"].Environment.Keys, name => Assert.Contains($"\"${{{name}}}\"", balancer, StringComparison.Ordinal));
        string prometheus = File.ReadAllText(Repository.PathOf("deploy/prometheus.yml"));
        Assert.All(nodes, node => Assert.Matches($"names: \\[.*\\b{node}\\b.*\\]", prometheus));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("deploy/README.md")]
    public void Every_setting_is_named(string page)
    {
        string text = File.ReadAllText(Repository.PathOf(page));

        Assert.Equal([], typeof(ServiceOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(property => property.Name).Where(name => !Regex.IsMatch(text, $"__{name}(?![A-Za-z])")));
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("deploy/README.md")]
    public void Commands_that_no_test_runs_are_marked_as_not_run(string page)
    {
        string text = File.ReadAllText(Repository.PathOf(page));

        Assert.Equal([], text.Split('\n')
            .Where(line => Regex.IsMatch(line, @"^ {4}(for .*)?(docker|kubectl|sqlite3|psql) ") && !line.EndsWith('†') && !line.EndsWith('\\')));
        Assert.Equal([], Regex.Matches(text, "`(docker|kubectl|sqlite3|psql) [^`]*`(?! †)").Select(match => match.Value));
    }

    [Fact]
    public void Tests_run_the_database_image_that_the_compose_file_runs() =>
        Assert.Equal(ContainerPostgresCluster.Image, compose["postgres"].Image);

    [Theory]
    [InlineData("DPFAH_ADMIN_KEY")]
    [InlineData("POSTGRES_PASSWORD")]
    public void A_secret_that_is_not_set_is_asked_for_by_its_name(string secret)
    {
        var variables = new Dictionary<string, string> { ["DPFAH_ADMIN_KEY"] = "key", ["POSTGRES_PASSWORD"] = "password" };
        variables.Remove(secret);

        var error = Assert.Throws<InvalidOperationException>(
            () => compose["dpfah"].Environment.Values.Select(value => ComposeFile.Interpolate(value, variables)).ToArray());

        Assert.Contains($"Set {secret} in .env", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"\n{secret}=\n", File.ReadAllText(Repository.PathOf("deploy/.env.example")), StringComparison.Ordinal);
    }

    private static void AddProject(string path, SortedSet<string> projects)
    {
        projects.Add(path);
        string folder = Path.GetDirectoryName(Repository.PathOf(path))!;
        foreach (XElement reference in XDocument.Load(Repository.PathOf(path)).Descendants("ProjectReference"))
        {
            string target = Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value));
            AddProject(Path.GetRelativePath(Repository.Root, target), projects);
        }
    }

    private static IEnumerable<string> SolutionProjects() =>
        Regex.Matches(File.ReadAllText(Repository.PathOf("Dpfah.sln")), "\"([^\"]+\\.csproj)\"")
            .Select(match => match.Groups[1].Value.Replace('\\', '/'))
            .Order(StringComparer.Ordinal);
}
