using System.Text.RegularExpressions;
using Dpfah.Api.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Configuration;
using YamlDotNet.Serialization;

namespace Dpfah.FunctionalTests.Deployment;

/// <summary>No cluster runs where the tests run: the manifests are read into Kubernetes' own types, strictly, and compared with what they promise.</summary>
public sealed class KubernetesTests
{
    private const string Folder = "deploy/kubernetes";

    private readonly ComposeFile compose = ComposeFile.Load(Repository.PathOf("docker-compose.yml"));
    private readonly Dockerfile dockerfile = Dockerfile.Load(Repository.PathOf("Dockerfile"));

    [Fact]
    public void Every_file_is_part_of_a_kustomization_and_of_types_that_exist()
    {
        string[] listed = [.. Kustomization("").Resources, .. Kustomization("gpu").Patches.Select(patch => "gpu/" + patch["path"])];

        Assert.Equal(
            Directory.GetFiles(Repository.PathOf(Folder), "*.yaml", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Repository.PathOf(Folder), file))
                .Where(file => Path.GetFileName(file) != "kustomization.yaml")
                .Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
        Assert.Equal([".."], Kustomization("gpu").Resources);
        Assert.All(listed, file => Assert.NotEmpty(Load(file)));
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString("apiVersion: v1\nkind: Service\nspec:\n  port: 80\n", null, true));
    }

    [Fact]
    public void Nodes_run_under_the_settings_of_the_compose_file()
    {
        var settings = new Dictionary<string, string>(Assert.Single(Load("dpfah.yaml").OfType<V1ConfigMap>()).Data);
        V1Container container = Node();

        Assert.Equal(
            compose["dpfah"].Environment.Keys.Order(StringComparer.Ordinal),
            settings.Keys.Concat(container.Env.Select(variable => variable.Name)).Where(name => name != "POSTGRES_PASSWORD").Order(StringComparer.Ordinal));
        Assert.Equal(dockerfile.Environment["ASPNETCORE_URLS"], settings["ASPNETCORE_URLS"]);
        Assert.Equal(
            compose["dpfah"].Environment["ConnectionStrings__Dpfah"].Split("Password=")[0] + "Password=$(POSTGRES_PASSWORD)",
            container.Env.Single(variable => variable.Name == "ConnectionStrings__Dpfah").Value);

        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(pair => KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value)))
            .Build();
        Assert.InRange(ServiceOptions.Read(configuration).DrainDelay, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Nodes_are_asked_for_their_health_have_bounds_and_may_write_nothing_but_their_folders()
    {
        V1Deployment deployment = Assert.Single(Load("dpfah.yaml").OfType<V1Deployment>());
        V1PodSpec pod = deployment.Spec.Template.Spec;
        V1Container container = Node();
        Assert.Equal(("/health/live", "/health/live", "/health/ready"),
            (container.StartupProbe.HttpGet.Path, container.LivenessProbe.HttpGet.Path, container.ReadinessProbe.HttpGet.Path));
        Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order());
        Assert.Contains("memory", container.Resources.Limits.Keys);
        Assert.True(pod.SecurityContext.RunAsNonRoot);
        Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
        Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
        Assert.Contains(dockerfile.Last("VOLUME"), container.VolumeMounts.Select(mount => mount.MountPath));
        Assert.Equal(pod.Volumes.Select(volume => volume.Name).Order(), container.VolumeMounts.Select(mount => mount.Name).Order());
        Assert.Equal(int.Parse(dockerfile.Last("EXPOSE")), Assert.Single(container.Ports).ContainerPort);

        // A budget that allows one to be away, and a rollout that takes no more.
        V1PodDisruptionBudget budget = Assert.Single(Load("dpfah.yaml").OfType<V1PodDisruptionBudget>());
        Assert.Equal(deployment.Spec.Replicas - 1, Number(budget.Spec.MinAvailable));
        Assert.Equal((0, 1), (Number(deployment.Spec.Strategy.RollingUpdate.MaxSurge), Number(deployment.Spec.Strategy.RollingUpdate.MaxUnavailable)));
        Dictionary<string, string> labels = new(deployment.Spec.Template.Metadata.Labels);
        Assert.Equal(labels, deployment.Spec.Selector.MatchLabels);
        Assert.Equal(labels, budget.Spec.Selector.MatchLabels);
        Assert.Equal(labels, Assert.Single(Load("dpfah.yaml").OfType<V1Service>()).Spec.Selector);
    }

    [Fact]
    public void Others_reach_nodes_by_the_port_of_the_service_alone()
    {
        V1NetworkPolicySpec policy = Assert.Single(Load("dpfah.yaml").OfType<V1NetworkPolicy>()).Spec;
        Dictionary<string, string> labels = new(Assert.Single(Load("dpfah.yaml").OfType<V1Deployment>()).Spec.Template.Metadata.Labels);
        Assert.Equal(labels, policy.PodSelector.MatchLabels);
        Assert.Equal(["Ingress"], policy.PolicyTypes);
        Assert.Equal(2, policy.Ingress.Count);
        Assert.Equal(Assert.Single(Node().Ports).Name, $"{Assert.Single(policy.Ingress[0].Ports).Port}");
        Assert.Null(policy.Ingress[0].FromProperty);
        Assert.Equal(labels, Assert.Single(policy.Ingress[1].FromProperty).PodSelector.MatchLabels);
    }

    [Fact]
    public void The_gpu_variant_asks_for_a_gpu_and_uses_it()
    {
        Assert.Equal("cuda", Assert.Single(Load("gpu/device.yaml").OfType<V1ConfigMap>()).Data["Dpfah__Device"]);
        V1PodSpec pod = Assert.Single(Load("gpu/node.yaml").OfType<V1Deployment>()).Spec.Template.Spec;
        Assert.Equal("true", pod.NodeSelector["nvidia.com/gpu.present"]);
        Assert.Equal(1, Number(Assert.Single(pod.Containers).Resources.Limits["nvidia.com/gpu"]));
        Assert.Equal(("dpfah", "cpu"), Image(""));
        Assert.Equal(("dpfah", "cuda"), Image("gpu"));
    }

    [Fact]
    public void The_database_is_the_one_of_the_compose_file()
    {
        V1Container container = Assert.Single(Assert.Single(Load("postgres.yaml").OfType<V1StatefulSet>()).Spec.Template.Spec.Containers);
        Assert.Equal(compose["postgres"].Image, container.Image);
        Assert.Equal(
            (compose["postgres"].Environment["POSTGRES_DB"], compose["postgres"].Environment["POSTGRES_USER"]),
            (container.Env.Single(v => v.Name == "POSTGRES_DB").Value, container.Env.Single(v => v.Name == "POSTGRES_USER").Value));
    }

    private static V1Container Node() =>
        Assert.Single(Assert.Single(Load("dpfah.yaml").OfType<V1Deployment>()).Spec.Template.Spec.Containers);

    // A patch has no more than what it changes, and so may lack what its type requires: it is read as strictly, for names and types.
    private static List<object> Load(string file) =>
        KubernetesYaml.LoadAllFromString(File.ReadAllText(Repository.PathOf($"{Folder}/{file}")), null, true);

    private static int Number(object value) => int.Parse(Regex.Match($"{value}", "[0-9]+").Value);

    private static (string, string) Image(string variant)
    {
        Dictionary<string, string> image = Assert.Single(Kustomization(variant).Images);
        return (image["newName"], image["newTag"]);
    }

    private static KustomizationFile Kustomization(string variant)
    {
        IDeserializer yaml = new DeserializerBuilder().IgnoreUnmatchedProperties().Build();
        return yaml.Deserialize<KustomizationFile>(File.ReadAllText(Repository.PathOf(Path.Combine(Folder, variant, "kustomization.yaml"))));
    }

    private sealed class KustomizationFile
    {
        [YamlMember(Alias = "resources")]
        public List<string> Resources { get; set; } = [];

        [YamlMember(Alias = "patches")]
        public List<Dictionary<string, string>> Patches { get; set; } = [];

        [YamlMember(Alias = "images")]
        public List<Dictionary<string, string>> Images { get; set; } = [];
    }
}
