using System.Collections.Immutable;

namespace Dpfah.Cluster;

/// <summary>Nodes that have said that they are about to end: they answer for what they have, and are given nothing new. For any number of threads.</summary>
internal sealed class LeavingNodes
{
    private ImmutableHashSet<SiloAddress> nodes = [];

    /// <summary>Called when another one has said so.</summary>
    public event Action? Changed;

    /// <summary>How many have said so.</summary>
    public int Count => Volatile.Read(ref nodes).Count;

    /// <summary>Adds one. A node that is started again has another address here.</summary>
    public void Add(SiloAddress node)
    {
        if (ImmutableInterlocked.Update(ref nodes, known => known.Add(node)))
        {
            Changed?.Invoke();
        }
    }

    /// <summary>Those of some nodes that stay; all of them when none does.</summary>
    public SiloAddress[] Without(SiloAddress[] all)
    {
        ImmutableHashSet<SiloAddress> leaving = Volatile.Read(ref nodes);
        SiloAddress[] staying = Array.FindAll(all, node => !leaving.Contains(node));
        return staying.Length > 0 ? staying : all;
    }
}
