using System.Runtime.CompilerServices;

namespace Dpfah.Core.Indexing.Kernels;

/// <summary>The two scans in vectors of one width.</summary>
internal sealed unsafe class VectorKernel<TOps, TVector>(string name) : ScanKernel
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    public override string Name => name;

    public override int VectorWords => TOps.Words;

    public override int FindNear(ulong* codes, int wordsPerCode, int from, int to, ReadOnlySpan<ulong> query, int bound, out uint near)
    {
        if (wordsPerCode == 1)
        {
            return FindNear1(codes, from, to, query[0], (ulong)bound, out near);
        }

        int group = wordsPerCode == 2
            ? FindNear2(codes, from, to, query[0], query[1], (ulong)bound)
            : FindNearLong(codes, wordsPerCode, from, to, query, bound);
        near = AllOf(group, to);
        return group;
    }

    /// <remarks>
    /// Four vectors at a time: the least of their counts is compared once. With 512 bits that is some 37 instructions for 32
    /// codes, near what memory delivers; which of the codes it was is found out afterwards, for few groups.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindNear1(ulong* codes, int from, int to, ulong query, ulong bound, out uint near)
    {
        TVector wanted = TOps.Broadcast(query);
        TVector limit = TOps.Broadcast(bound);
        TVector nibbleCounts = TOps.NibbleCounts;
        int position = from;
        for (; position + GroupCodes <= to; position += GroupCodes)
        {
            ulong* group = codes + position;
            TVector least = TOps.PopCount(TOps.Xor(TOps.Load(group), wanted), nibbleCounts);
            for (int word = TOps.Words; word < GroupCodes; word += TOps.Words)
            {
                least = TOps.Min(least, TOps.PopCount(TOps.Xor(TOps.Load(group + word), wanted), nibbleCounts));
            }

            if (TOps.AnyAtMost(least, limit))
            {
                near = 0;
                for (int word = 0; word < GroupCodes; word += TOps.Words)
                {
                    near |= TOps.AtMost(TOps.PopCount(TOps.Xor(TOps.Load(group + word), wanted), nibbleCounts), limit) << word;
                }

                return position;
            }
        }

        near = AllOf(position, to);
        return position;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindNear2(ulong* codes, int from, int to, ulong first, ulong second, ulong bound)
    {
        ulong* pair = stackalloc ulong[8] { first, second, first, second, first, second, first, second };
        TVector wanted = TOps.Load(pair);
        TVector limit = TOps.Broadcast(bound);
        TVector nibbleCounts = TOps.NibbleCounts;
        int position = from;
        for (; position + GroupCodes <= to; position += GroupCodes)
        {
            ulong* group = codes + (2L * position);
            TVector least = TOps.AddPairs(TOps.PopCount(TOps.Xor(TOps.Load(group), wanted), nibbleCounts));
            for (int word = TOps.Words; word < 2 * GroupCodes; word += TOps.Words)
            {
                least = TOps.Min(least, TOps.AddPairs(TOps.PopCount(TOps.Xor(TOps.Load(group + word), wanted), nibbleCounts)));
            }

            if (TOps.AnyAtMost(least, limit))
            {
                return position;
            }
        }

        return position;
    }

    /// <remarks>Codes of more than 128 bits, which no method here has: one by one, no vectors.</remarks>
    private static int FindNearLong(ulong* codes, int wordsPerCode, int from, int to, ReadOnlySpan<ulong> query, int bound)
    {
        for (int position = from; position < to; position++)
        {
            if (Codes.Hamming.Distance(query, new ReadOnlySpan<ulong>(codes + ((long)position * wordsPerCode), wordsPerCode)) <= bound)
            {
                return position;
            }
        }

        return to;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Match(ulong* planes, ulong* mask, SlicedBatch batch)
    {
        for (int word = 0; word < BitPlanes.BlockWords; word += TOps.Words)
        {
            Prepare(planes + word, batch);
            TVector counted = mask is null ? TOps.Broadcast(ulong.MaxValue) : TOps.Load(mask + word);
            for (int query = 0; query < batch.Count; query++)
            {
                TVector beyond = Overflow(batch.Scratch, batch.Picks(query), batch.Bias(query), batch.Triples, (3 * batch.Triples) - batch.Bits == 2);
                TVector matches = TOps.AndNot(counted, beyond);
                if (!TOps.IsZero(matches))
                {
                    TOps.Store(matches, batch.Add(query, word));
                }
            }
        }
    }

    /// <summary>Sums and carries of three planes for each value that a query's three bits can have: shared by all queries.</summary>
    /// <remarks>This takes the first layer of adders, a third of the work, out of the loop over the queries.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Prepare(ulong* planes, SlicedBatch batch)
    {
        TVector all = TOps.Broadcast(ulong.MaxValue);
        for (int triple = 0; triple < batch.Triples; triple++)
        {
            int plane = 3 * triple;
            TVector a = TOps.Load(planes + (plane * BitPlanes.BlockWords));
            TVector b = plane + 1 < batch.Bits ? TOps.Load(planes + ((plane + 1) * BitPlanes.BlockWords)) : TOps.Zero;
            TVector c = plane + 2 < batch.Bits ? TOps.Load(planes + ((plane + 2) * BitPlanes.BlockWords)) : TOps.Zero;
            TVector notA = TOps.Xor(a, all), notB = TOps.Xor(b, all), notC = TOps.Xor(c, all);
            TVector even = TOps.Sum(a, b, c), odd = TOps.Xor(even, all);
            ulong* target = batch.Scratch + (triple * SlicedBatch.TripleVectors * TOps.Words);
            Put(target, 0, even, TOps.Carry(a, b, c));
            Put(target, 1, odd, TOps.Carry(notA, b, c));
            Put(target, 2, odd, TOps.Carry(a, notB, c));
            Put(target, 3, even, TOps.Carry(notA, notB, c));
            Put(target, 4, odd, TOps.Carry(a, b, notC));
            Put(target, 5, even, TOps.Carry(notA, b, notC));
            Put(target, 6, even, TOps.Carry(a, notB, notC));
            Put(target, 7, odd, TOps.Carry(notA, notB, notC));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(ulong* target, int value, TVector sum, TVector carry)
    {
        TOps.Store(sum, target + (2 * value * TOps.Words));
        TOps.Store(carry, target + (((2 * value) + 1) * TOps.Words));
    }

    /// <summary>Adds the bits of all triples to vertical counters that start at the bias; the carry out of the highest.</summary>
    /// <remarks>
    /// A full adder turns three wires of one weight into one of that weight and one of the next (carry-save, as in the
    /// population count of Harley and Seal). Triples are taken 16, 8, 4, 2 and 1 at a time; a wire that a group leaves over waits
    /// as a spare for the next of its weight. 64 bits are 16 + 4 + 2 triples and 43 adders of two instructions each.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Overflow(ulong* scratch, ushort* picks, ulong* bias, int triples, bool lastIsSingle)
    {
        // Locals, not a struct: the JIT keeps a struct of more than four fields in memory.
        TVector ones = TOps.Broadcast(bias[0]), twos = TOps.Broadcast(bias[1]), fours = TOps.Broadcast(bias[2]), eights = TOps.Broadcast(bias[3]);
        TVector sixteens = TOps.Broadcast(bias[4]), thirtyTwos = TOps.Broadcast(bias[5]), sixtyFours = TOps.Broadcast(bias[6]), top = TOps.Broadcast(bias[7]);
        TVector spareFour = TOps.Zero, spareEight = TOps.Zero, spareSixteen = TOps.Zero, spareThirtyTwo = TOps.Zero, spareSixtyFour = TOps.Zero;
        TVector overflow = TOps.Zero;
        bool hasEight = (triples & 8) != 0;
        if (triples >= 16)
        {
            TVector a = AddSixteen(scratch, picks, ref ones, ref twos, ref fours, ref eights, out TVector b, out spareSixteen);
            spareThirtyTwo = Add(ref sixteens, a, b);
            picks += 16;
            if (triples >= 32)
            {
                a = AddSixteen(scratch, picks, ref ones, ref twos, ref fours, ref eights, out b, out TVector c);
                spareSixtyFour = Add(ref thirtyTwos, spareThirtyTwo, Add(ref sixteens, a, b));
                spareThirtyTwo = Add(ref sixteens, spareSixteen, c);
                spareSixteen = TOps.Zero;
                picks += 16;
            }
        }

        TVector two = TOps.Zero, four = TOps.Zero, eight = TOps.Zero, sixteen = TOps.Zero;
        if (hasEight)
        {
            TVector a = AddEight(scratch, picks, ref ones, ref twos, ref fours, out TVector b, out spareEight);
            sixteen = Add(ref eights, a, b);
            AddAt16(sixteen, ref sixteens, ref thirtyTwos, ref sixtyFours, ref top, ref spareSixteen, ref spareThirtyTwo, ref spareSixtyFour, ref overflow);
            picks += 8;
        }

        if ((triples & 4) != 0)
        {
            TVector a = AddFour(scratch, picks, ref ones, ref twos, out TVector b, out spareFour);
            eight = Add(ref fours, a, b);
            if (hasEight)
            {
                sixteen = Add(ref eights, spareEight, eight);
                spareEight = TOps.Zero;
                AddAt16(sixteen, ref sixteens, ref thirtyTwos, ref sixtyFours, ref top, ref spareSixteen, ref spareThirtyTwo, ref spareSixtyFour, ref overflow);
            }
            else
            {
                spareEight = eight;
            }

            picks += 4;
        }

        if ((triples & 2) != 0)
        {
            two = Add(ref ones, Sum(scratch, picks[0]), Sum(scratch, picks[1]));
            if (lastIsSingle && (triples & 1) == 0)
            {
                // The last triple has one plane and no carry.
                four = Add(ref twos, Carry(scratch, picks[0]), two);
                two = TOps.Zero;
            }
            else
            {
                four = Add(ref twos, Carry(scratch, picks[0]), Carry(scratch, picks[1]));
            }

            eight = Add(ref fours, spareFour, four);
            spareFour = TOps.Zero;
            sixteen = Add(ref eights, spareEight, eight);
            spareEight = TOps.Zero;
            AddAt16(sixteen, ref sixteens, ref thirtyTwos, ref sixtyFours, ref top, ref spareSixteen, ref spareThirtyTwo, ref spareSixtyFour, ref overflow);
            picks += 2;
        }

        if ((triples & 1) != 0 || ((triples & 2) != 0 && !lastIsSingle) || (triples & 3) == 0)
        {
            // What is left: a last triple, a wire of weight 2, the spares of larger groups.
            four = Add(ref twos, two, TOps.Zero);
            if ((triples & 1) != 0)
            {
                TVector other = Add(ref ones, Sum(scratch, picks[0]), TOps.Zero);
                other = Add(ref twos, Carry(scratch, picks[0]), other);
                eight = Add(ref fours, four, other);
            }
            else
            {
                eight = Add(ref fours, four, TOps.Zero);
            }

            sixteen = Add(ref eights, spareEight, eight);
            eight = Add(ref fours, spareFour, TOps.Zero);
            AddAt16(sixteen, ref sixteens, ref thirtyTwos, ref sixtyFours, ref top, ref spareSixteen, ref spareThirtyTwo, ref spareSixtyFour, ref overflow);
            sixteen = Add(ref eights, eight, TOps.Zero);
            AddAt16(sixteen, ref sixteens, ref thirtyTwos, ref sixtyFours, ref top, ref spareSixteen, ref spareThirtyTwo, ref spareSixtyFour, ref overflow);
        }

        return overflow;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sum(ulong* scratch, ushort pick) => TOps.Load(scratch + pick);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Carry(ulong* scratch, ushort pick) => TOps.Load(scratch + pick + TOps.Words);

    /// <summary>A full adder: takes two wires into a counter and gives the carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add(ref TVector counter, TVector a, TVector b)
    {
        TVector carry = TOps.Carry(counter, a, b);
        counter = TOps.Sum(counter, a, b);
        return carry;
    }

    /// <summary>Four triples; three wires of weight 4 are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddFour(ulong* scratch, ushort* picks, ref TVector ones, ref TVector twos, out TVector b, out TVector c)
    {
        TVector two = Add(ref ones, Sum(scratch, picks[0]), Sum(scratch, picks[1]));
        TVector a = Add(ref twos, Carry(scratch, picks[0]), Carry(scratch, picks[1]));
        TVector other = Add(ref ones, Sum(scratch, picks[2]), Sum(scratch, picks[3]));
        b = Add(ref twos, Carry(scratch, picks[2]), Carry(scratch, picks[3]));
        c = Add(ref twos, two, other);
        return a;
    }

    /// <summary>Eight triples; three wires of weight 8 are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddEight(
        ulong* scratch, ushort* picks, ref TVector ones, ref TVector twos, ref TVector fours, out TVector b, out TVector c)
    {
        TVector f1 = AddFour(scratch, picks, ref ones, ref twos, out TVector f2, out TVector f3);
        TVector a = Add(ref fours, f1, f2);
        f1 = AddFour(scratch, picks + 4, ref ones, ref twos, out f2, out TVector f4);
        b = Add(ref fours, f1, f2);
        c = Add(ref fours, f3, f4);
        return a;
    }

    /// <summary>Sixteen triples; three wires of weight 16 are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector AddSixteen(
        ulong* scratch, ushort* picks, ref TVector ones, ref TVector twos, ref TVector fours, ref TVector eights, out TVector b, out TVector c)
    {
        TVector e1 = AddEight(scratch, picks, ref ones, ref twos, ref fours, out TVector e2, out TVector e3);
        TVector a = Add(ref eights, e1, e2);
        e1 = AddEight(scratch, picks + 8, ref ones, ref twos, ref fours, out e2, out TVector e4);
        b = Add(ref eights, e1, e2);
        c = Add(ref eights, e3, e4);
        return a;
    }

    /// <summary>Takes a wire of weight 16, and the spares from there on, up to the highest counter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddAt16(
        TVector wire,
        ref TVector sixteens,
        ref TVector thirtyTwos,
        ref TVector sixtyFours,
        ref TVector top,
        ref TVector spareSixteen,
        ref TVector spareThirtyTwo,
        ref TVector spareSixtyFour,
        ref TVector overflow)
    {
        wire = Add(ref sixteens, spareSixteen, wire);
        spareSixteen = TOps.Zero;
        wire = Add(ref thirtyTwos, spareThirtyTwo, wire);
        spareThirtyTwo = TOps.Zero;
        wire = Add(ref sixtyFours, spareSixtyFour, wire);
        spareSixtyFour = TOps.Zero;

        // The top counter overflows once at most: bias and distance together stay below 512.
        overflow = TOps.Or(overflow, TOps.And(top, wire));
        top = TOps.Xor(top, wire);
    }
}
