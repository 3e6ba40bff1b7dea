using System.Diagnostics;
using Dpfah.Api.Images;
using Dpfah.FunctionalTests.Hosting;

namespace Dpfah.FunctionalTests.Nodes;

/// <summary>
/// Three nodes of which one after the other is lost, or their database is, or all of them. Callers who ask the next node when one does not
/// answer notice nothing but time.
/// </summary>
[Collection(SharedNodes.Name)]
public sealed class NodeLossTests(ThreeNodes nodes)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly int Kills = LongForm.Choose(1, 30);

    [Fact]
    [Trait(LongForm.Trait, "node-kills")]
    public async Task A_node_that_is_killed_under_load_costs_no_answer_and_comes_back()
    {
        var service = new AnyNode(nodes, Patience);
        var load = new NodeLoad(service, await nodes.CreateCollectionAsync());
        await load.MoreAsync(50);
        var back = new List<TimeSpan>();
        for (int kill = 0; kill < Kills; kill++)
        {
            int node = (kill % ThreeNodes.Count) + 1;
            await nodes.Process(node).KillAsync();
            await load.MoreAsync(LongForm.Choose(50, 300));
            var clock = Stopwatch.StartNew();
            await nodes.StartAsync(node);
            back.Add(clock.Elapsed);
        }

        await load.MoreAsync(50);
        await load.StopAsync();
        foreach (int node in ThreeNodes.Numbers)
        {
            await load.AssertThereAsync(nodes[node]);
        }

        LongForm.Record(
            "nodes killed under load",
            $"{load.Answered:N0} uploads and searches over {Kills} kills of one of three nodes: 0 wrong, 0 failed, {service.Retried} asked of another node; "
            + $"ready again {back.Average(time => time.TotalSeconds):0.0} s after its start, {back.Max().TotalSeconds:0.0} s at most");
        Counts.Report("node-kills", back.Count, Kills);
    }

    [Fact]
    [Trait(LongForm.Trait, "node-kills")]
    public async Task A_database_that_is_restarted_costs_no_answer()
    {
        var load = new NodeLoad(new AnyNode(nodes, Patience), await nodes.CreateCollectionAsync());
        await load.MoreAsync(50);
        for (int restart = 0; restart < LongForm.Choose(1, 10); restart++)
        {
            await nodes.Cluster.RestartAsync();
            await load.MoreAsync(50);
        }

        await load.StopAsync();
        foreach (int node in ThreeNodes.Numbers)
        {
            await Eventually.BecomesAsync(() => nodes.ReadyAsync(node), ready => ready.Status == System.Net.HttpStatusCode.OK);
            await load.AssertThereAsync(nodes[node]);
        }
    }

    [Fact]
    public async Task All_nodes_are_lost_at_once_and_have_all_that_was_acknowledged_when_they_are_back()
    {
        string collection = await nodes.CreateCollectionAsync();
        var added = new List<ImageResponse>();
        for (int n = 0; n < 30; n++)
        {
            added.Add(await nodes[(n % 3) + 1].AddAsync(collection, $"p{n}", Pictures.Png(n)));
        }

        await Task.WhenAll(ThreeNodes.Numbers.Select(node => nodes.Process(node).KillAsync()));
        await Task.WhenAll(ThreeNodes.Numbers.Select(node => nodes.StartAsync(node)));

        foreach (int node in ThreeNodes.Numbers)
        {
            Assert.Equal(added.Select(image => (image.Id, image.Code)), (await nodes[node].ListAsync(collection)).Select(image => (image.Id, image.Code)));
            Assert.Equal("p7", (await nodes[node].FindAsync(Pictures.Png(7), $"?collection={collection}&k=1")).Hits[0].Id);
        }
    }

    [Fact]
    [Trait(LongForm.Trait, "upgrade")]
    public async Task Nodes_are_replaced_one_by_one_under_load()
    {
        // In the short form one of them, by the same build. The build before this one knows no shards, and its database has columns less, which
        // the first new node adds.
        await using ThreeNodes? older = LongForm.IsAsked ? await ThreeNodes.OfAsync(await PreviousBuild.MakeAsync(PreviousBuild.Commit)) : null;
        ThreeNodes three = older ?? nodes;
        var service = new AnyNode(three, Patience);
        var load = new NodeLoad(service, await three.CreateCollectionAsync());
        foreach (int node in ThreeNodes.Numbers.Take(LongForm.Choose(1, ThreeNodes.Count)))
        {
            await load.MoreAsync(50);
            Assert.Equal(0, await three.Process(node).TerminateAsync());
            await three.StartAsync(node);
        }

        await load.MoreAsync(50);
        await load.StopAsync();
        foreach (int node in ThreeNodes.Numbers)
        {
            await load.AssertThereAsync(three[node]);
        }

        LongForm.Record(
            "nodes replaced one by one",
            $"{LongForm.Choose(1, ThreeNodes.Count)} of three nodes {(older is null ? "" : $"of the build {PreviousBuild.Commit} ")}replaced under load: {load.Answered:N0} uploads and searches, 0 wrong, 0 failed, {service.Retried} asked of another node");
    }
}
