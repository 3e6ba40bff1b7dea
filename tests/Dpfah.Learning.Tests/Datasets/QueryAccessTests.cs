using System.Reflection;
using Dpfah.Learning.Datasets;
using Dpfah.Learning.Training;

namespace Dpfah.Learning.Tests.Datasets;

/// <summary>What trains cannot look at the queries: no type and no call leads it to them.</summary>
public sealed class QueryAccessTests
{
    private const string DatasetsNamespace = "Dpfah.Learning.Datasets";
    private const string OpenQueries = $"{DatasetsNamespace}.SplitManifest::OpenQueries(";
    private static readonly Assembly Learning = typeof(Trainer).Assembly;
    private static readonly string[] Training = ["Dpfah.Learning.Training", "Dpfah.Learning.Losses", "Dpfah.Learning.Networks"];
    private static readonly string[] Evaluating = ["Dpfah.Learning.Evaluation", "Dpfah.Learning.Reproduction"];

    // Training pictures, the data set made of them alone, the counts of a split, random numbers.
    private static readonly Type[] Harmless = [typeof(TrainingPictures), typeof(PictureSet), typeof(Dataset), typeof(SplitRule), typeof(SeededRandom)];

    [Fact]
    public void Nothing_that_trains_holds_takes_or_returns_more_than_training_pictures()
    {
        Type[] training = [.. Learning.GetTypes().Where(IsTraining)];
        Assert.InRange(training.Length, 50, 500);
        string[] wrong = [.. training.SelectMany(type => Mentioned(type).Where(IsForbidden).Select(mentioned => $"{type} mentions {mentioned}")).Distinct()];
        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_that_trains_calls_what_loads_or_opens_other_pictures()
    {
        string[] harmless = [.. Harmless.Select(type => $"{type.FullName}::")];
        (string Caller, string Callee)[] calls = [.. AssemblyCalls.Read(Learning.Location).Where(call => Training.Any(space => call.Caller.StartsWith($"{space}.", StringComparison.Ordinal)))];
        Assert.Contains(calls, call => call.Callee.StartsWith(harmless[0], StringComparison.Ordinal));
        Assert.DoesNotContain(calls, call =>
            Evaluating.Append(DatasetsNamespace).Any(space => call.Callee.StartsWith($"{space}.", StringComparison.Ordinal))
            && !harmless.Any(type => call.Callee.StartsWith(type, StringComparison.Ordinal)));
    }

    [Fact]
    public void No_chain_of_calls_leads_from_training_to_the_queries()
    {
        ILookup<string, string> calls = AssemblyCalls.Read(Learning.Location).ToLookup(call => call.Caller, call => call.Callee);
        var reached = new HashSet<string>(calls.Select(call => call.Key).Where(caller => Training.Any(space => caller.StartsWith($"{space}.", StringComparison.Ordinal))));
        var open = new Queue<string>(reached);
        while (open.TryDequeue(out string? caller))
        {
            foreach (string callee in calls[caller].Where(reached.Add))
            {
                open.Enqueue(callee);
            }
        }

        Assert.Contains(reached, method => method.StartsWith($"{DatasetsNamespace}.PictureSet::Read(", StringComparison.Ordinal));
        Assert.DoesNotContain(reached, method => method.StartsWith(OpenQueries, StringComparison.Ordinal));
        Assert.DoesNotContain(reached, method => method.StartsWith($"{DatasetsNamespace}.DatasetEntry::", StringComparison.Ordinal));
    }

    [Fact]
    public void One_method_of_this_library_opens_the_queries() => Assert.Equal(
        ["Dpfah.Learning.Reproduction.Reproducer::OpenEvaluation(String)"],
        AssemblyCalls.Read(Learning.Location).Where(call => call.Callee.StartsWith(OpenQueries, StringComparison.Ordinal)).Select(call => call.Caller));

    private static bool IsTraining(Type type) => type.Namespace is { } space && Training.Contains(space);

    private static bool IsForbidden(Type type) =>
        type.Namespace is { } space && (Evaluating.Contains(space) || (space == DatasetsNamespace && !Harmless.Contains(type)));

    /// <summary>Types of fields, parameters, results and locals, and what they are made of.</summary>
    private static IEnumerable<Type> Mentioned(Type type)
    {
        const BindingFlags all = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        IEnumerable<Type> types = type.GetFields(all).Select(field => field.FieldType);
        foreach (MethodBase method in type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)))
        {
            types = types.Concat(method.GetParameters().Select(parameter => parameter.ParameterType))
                .Concat(method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? [])
                .Append(method is MethodInfo info ? info.ReturnType : typeof(void));
        }

        return types.SelectMany(Parts);
    }

    private static IEnumerable<Type> Parts(Type type) => type.HasElementType
        ? Parts(type.GetElementType()!)
        : type.GetGenericArguments().SelectMany(Parts).Append(type.IsGenericType ? type.GetGenericTypeDefinition() : type);
}
